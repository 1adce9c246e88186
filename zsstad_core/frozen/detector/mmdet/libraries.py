"""Imports mmdet and all that it registers, with `mmcv_ops` in place of mmcv's compiled operators. Takes seconds."""

from zsstad_core.frozen.detector.mmdet import mmcv_ops
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet

mmcv_ops.bridge()
with inside_mmdet():
    import mmdet.datasets
    import mmdet.models  # noqa: F401
