"""A GPU that is not there: tensors that have a device and a shape, and no numbers.

An operation on tensors of two devices raises, as on a real GPU. So what runs here leaves no tensor on the wrong device;
what it computes is not known, and nothing may depend on a number.
"""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

_move = nn.Module.to


class FakeGpu:
    """Makes fakes; see `install`."""

    def __init__(self) -> None:
        self.mode = FakeTensorMode()

    def fake[T](self, value: T) -> T:
        """Tensors, and dataclasses of tensors, as fakes on the devices where they are."""
        if isinstance(value, Tensor):
            return self.mode.from_tensor(value)
        if is_dataclass(value) and not isinstance(value, type):
            return type(value)(**{part.name: self.fake(getattr(value, part.name)) for part in fields(value)})
        return value

    def move(self, module: nn.Module, device: torch.device | str) -> nn.Module:
        """`module.to(device)`, whose own way torch has not for fakes: the weights of a module become fakes there."""
        for part in module.modules():
            for name, weight in part._parameters.items():
                if weight is not None:
                    part._parameters[name] = nn.Parameter(self._there(weight, device).detach(), weight.requires_grad)
            for name, buffer in part._buffers.items():
                if buffer is not None:
                    part._buffers[name] = self._there(buffer, device)
        return module

    def _there(self, tensor: Tensor, device: torch.device | str) -> Tensor:
        with self.mode:
            return (tensor if isinstance(tensor, FakeTensor) else self.mode.from_tensor(tensor)).to(device)


def _numpy(fake: FakeTensor) -> np.ndarray:
    """Zeros of a fake's shape and type; of a tensor on a GPU numpy knows nothing."""
    if fake.device.type != "cpu":
        raise TypeError(f"can't convert {fake.device} tensor to numpy; use Tensor.cpu() first")
    return np.zeros(tuple(fake.shape), str(fake.dtype).removeprefix("torch."))


def _pinned(fake: FakeTensor) -> FakeTensor:
    if fake.device.type != "cpu":
        raise RuntimeError(f"cannot pin a tensor on {fake.device}: only those of the CPU can be pinned")
    return fake


def install(monkeypatch: pytest.MonkeyPatch) -> FakeGpu:
    """Until `monkeypatch` undoes it, `cuda` is a device on which everything is a fake.

    Modules are built as always, with numbers, outside `FakeGpu.mode`; `.to("cuda")` makes fakes of their weights.
    """
    gpu = FakeGpu()

    def to(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
        device = args[0] if args else kwargs.get("device")
        if isinstance(device, str | torch.device) and torch.device(device).type == "cuda":
            return gpu.move(module, device)
        return _move(module, *args, **kwargs)

    monkeypatch.setattr(nn.Module, "to", to)
    monkeypatch.setattr(FakeTensor, "numpy", _numpy, raising=False)
    monkeypatch.setattr(FakeTensor, "pin_memory", _pinned, raising=False)
    # Threads have not the mode of the thread that starts them.
    monkeypatch.setattr("zsstad_core.read_ahead.prefetch", lambda items, depth: items)
    return gpu
