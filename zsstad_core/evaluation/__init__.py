"""From detections to numbers: which rows count, frame and video mAP, what chance gets, and metrics.json."""
