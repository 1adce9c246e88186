"""A perfect classifier that reads the annotation: its results measure the detector alone."""
