"""The learning rate of every iteration."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A linear warm-up, then the full learning rate or a half cosine down: a function of the iteration alone.

    iterations: optimiser steps. warmup: the first iteration with the full learning rate; iteration 0 has
    `warmup_factor` times the full rate. cosine: whether the rate falls after the warm-up, to `final_factor` times the
    full rate one step after the last iteration; otherwise it is constant.
    """

    iterations: int
    warmup: int = 0
    warmup_factor: float = 1.0
    cosine: bool = False
    final_factor: float = 0.0

    def rates(self, lr: float) -> list[float]:
        """The learning rate of each iteration, for parameters whose full rate is `lr`.

        A rate follows from the one before it, as in mmengine 0.10.7 (LinearLR, CosineAnnealingLR). The closed forms
        differ in the last digits, and would not reproduce published heads of earlier versions to the bit.
        """
        start, falling = self.warmup_factor, self.iterations - self.warmup
        floor = lr * self.final_factor
        rate = lr * start if self.warmup else lr
        rates = [rate]
        for iteration in range(1, self.iterations):
            past = iteration - self.warmup
            if past <= 0:
                rate *= 1.0 + (1.0 - start) / (self.warmup * start + (iteration - 1) * (1.0 - start))
            elif self.cosine:
                fall = (1 + math.cos(math.pi * past / falling)) / (1 + math.cos(math.pi * (past - 1) / falling))
                rate = fall * (rate - floor) + floor
            rates.append(rate)
        return rates
