"""Frozen models behind small interfaces: detectors (mmdet or others) and the CLIP encoders (open_clip).

Both take batches of uint8 RGB images and return arrays; neither depends on datasets or caches.
"""
