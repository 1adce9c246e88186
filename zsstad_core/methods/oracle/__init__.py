"""The perfect classifier, which measures a detector."""
