"""Frozen models behind small interfaces: detectors (mmdet, or another) and the encoder (open_clip).

Both take a batch of uint8 RGB frames and return arrays; neither knows of datasets or caches.
"""
