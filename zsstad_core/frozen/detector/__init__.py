"""Detectors: batches of frames in, boxes of persons and objects out; a contract, and a registry."""
