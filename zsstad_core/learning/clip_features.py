"""Features of clips: cached tokens of sampled frames of each clip.

Shapes: N clips of a batch, T sampled frames of a clip, D token width.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from zsstad_core.learning.clip_samples import ClipSamples
from zsstad_core.learning.features import Step
from zsstad_core.learning.samples import SampleRows
from zsstad_core.learning.segments import refuse_short, scoring_frames, training_frames
from zsstad_core.learning.token_store import TokenStore, to_device
from zsstad_core.methods.common.features import ClipTokens
from zsstad_core.methods.contract import Segments


class ClipFeatures:
    """Tokens [N, T, D] of the frames that `segments` samples from clips; implements `Features`.

    tokens: [R, D], indexed by the token rows of `samples`. seed: of the sampling, which depends on the seed, the
    iteration and the clip alone. Raises CacheError where tokens and rows do not match, DataError where a clip is too
    short for `segments`.
    """

    slow = False

    def __init__(
        self,
        segments: Segments,
        samples: ClipSamples,
        tokens: NDArray[np.generic] | None,
        rows: int,
        device: torch.device,
        seed: int,
    ) -> None:
        self.segments, self.samples, self.device, self.seed = segments, samples, device, seed
        self._tokens = TokenStore(tokens, rows, "frame", device)
        self.width, self.views = self._tokens.width, segments.views
        refuse_short(segments, samples.frames_C, samples.names)

    def gather(self, rows: SampleRows, step: Step | None = None, view: int = 0) -> ClipTokens:
        """See `Features.gather`."""
        samples, clip_N = self.samples, rows.sample_B
        frames_N, hash_N = samples.frames_C[clip_N], samples.hash_C[clip_N]
        if step is None:
            place_NT = scoring_frames(self.segments, frames_N, hash_N, self.seed, view)
        else:
            place_NT = training_frames(self.segments, frames_N, hash_N, self.seed, step.iteration)
        (row_NT,) = to_device([samples.row_R[samples.first_C[clip_N][:, None] + place_NT]], self.device)
        return ClipTokens(self._tokens.take(row_NT), torch.ones_like(row_NT, dtype=torch.bool))

    def identity(self) -> bytes:
        """How training samples frames."""
        chosen = self.segments
        return f"{chosen.frames} {chosen.train} {chosen.stride} {self.seed}".encode()
