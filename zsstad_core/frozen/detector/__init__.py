"""Detectors: a batch of frames in, boxes of persons and objects out; one contract, and a list of them."""
