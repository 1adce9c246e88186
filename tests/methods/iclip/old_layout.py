"""The parameters of iCLIP as the published code and earlier versions of this project have them, in their order.

Nothing is computed with them. `tests.methods.iclip.test_parameters` compares what is built today with them.

Shapes: D token width, T neighbouring frames.
"""

import torch
from torch import nn

from zsstad_core.methods.iclip.settings import Iclip as IclipSettings


class OldBlock(nn.Module):
    def __init__(self, width: int, times: int = 0) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        for layer in (self.query, self.key, self.value):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        if times:
            self.time_key_TD = nn.Parameter(torch.zeros(times, width))
            self.time_value_TD = nn.Parameter(torch.zeros(times, width))


class OldPromptingLayer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)


class OldPrompting(nn.Module):
    def __init__(self, width: int, layers: int, scale: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(OldPromptingLayer(width) for _ in range(layers))
        self.alpha_D = nn.Parameter(torch.full((width,), scale))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


class OldIclip(nn.Module):
    """All parameters that the published code counts, initialised from `seed` in its order."""

    def __init__(self, own: IclipSettings, width: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            times = own.memory_before + own.memory_after
            self.blocks = nn.ModuleList(OldBlock(width, times if letter == "M" else 0) for letter in own.blocks)
            self.prompting = None
            if own.prompting_layers:
                self.prompting = OldPrompting(width, own.prompting_layers, own.prompting_scale)
