"""Settings of the person-crop baseline."""

from typing import Annotated

from pydantic import Field

from zsstad_core.settings.base import Section


class ClipCrop(Section):
    """Baseline: CLIP's feature of the person's crop against the class names."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""
