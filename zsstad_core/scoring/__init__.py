"""A head, boxes and labels to detections: who is scored against which labels, and how a score is made."""
