"""Detections from a head, boxes and labels: which videos are scored against which labels, and how a score is
computed."""
