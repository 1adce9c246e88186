"""Evaluate detections: the rows that count, frame and video mAP, the mAP of chance, and metrics.json."""
