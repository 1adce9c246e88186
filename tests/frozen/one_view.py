"""The view of a single box, for tests that look at one picture at a time."""

from zsstad_core.frozen.views import Box, Crop, Interpolation, Pixels, views


def view(
    frame: Pixels, box: Box | None, size: int, crop: Crop = "clip", interpolation: Interpolation = "bicubic"
) -> Pixels:
    """uint8 [size, size, 3]: what the encoder sees of a box, or of the whole frame (None)."""
    return views(frame, [box], size, crop, interpolation)[0]
