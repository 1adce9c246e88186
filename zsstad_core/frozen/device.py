"""Where models run."""

import torch

from zsstad_core.errors import SettingsError


def choose_device(device: str) -> str:
    """`settings.device` as torch names it: auto is cuda where there is a GPU, else cpu.

    Raises SettingsError for a GPU that is not there: nothing falls back to the CPU in silence.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device)
    except RuntimeError as error:
        raise SettingsError(f"device is {device}; it must be auto, cpu, cuda or cuda:N") from error
    if kind.type == "cuda" and not torch.cuda.is_available():
        raise SettingsError(f"device is {device}, but torch sees no GPU here; use device=cpu, or mend the driver")
    return device
