"""The device that models run on."""

import torch

from zsstad_core.errors import SettingsError


def choose_device(device: str) -> str:
    """torch's name of the device that `settings.device` names: auto is cuda where there is a GPU, else cpu.

    Raises SettingsError for a GPU that does not exist: there is no silent fallback to the CPU.
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
