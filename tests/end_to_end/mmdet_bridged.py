"""mmdet, imported over the bridge as the detector does it: for the server to import ahead."""

from zsstad_core.frozen.detector.mmdet import mmcv_ops

mmcv_ops.bridge()

import mmdet.datasets  # noqa: E402
import mmdet.models  # noqa: E402, F401
