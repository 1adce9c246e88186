"""The detectors of mmdet, each given by a config and a checkpoint."""
