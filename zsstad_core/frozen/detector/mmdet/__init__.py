"""The detectors of mmdet, chosen by config and checkpoint."""
