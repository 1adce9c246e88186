"""Settings of the whole-frame baseline."""

from typing import Annotated

from pydantic import Field

from zsstad_core.settings.base import Section


class ClipFrame(Section):
    """Baseline: CLIP's feature of the whole frame against the class names, the same for every person of the frame."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""
