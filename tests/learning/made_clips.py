"""Small made-up clips with a token a frame that says whose it is, for tests of clips' samples and features."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from zsstad_core.learning.clip_features import ClipFeatures
from zsstad_core.learning.clip_samples import videos_as_clips
from zsstad_core.methods.contract import Segments


def frames_of(lengths: Mapping[str, int]) -> pd.DataFrame:
    """Table frames of videos with so many frames, one video after the other."""
    rows = [(name, frame) for name, length in lengths.items() for frame in range(length)]
    return pd.DataFrame(rows, columns=["video_id", "frame"])


def named_tokens(frames: pd.DataFrame) -> np.ndarray:
    """float32 [R, 2]: a number of the video's name, and the number of the frame."""
    names = [sum(name.encode()) for name in frames["video_id"]]
    return np.stack([np.array(names, np.float32), frames["frame"].to_numpy(np.float32)], axis=1).reshape(-1, 2)


def features_of(lengths: Mapping[str, int], segments: Segments, seed: int = 0) -> ClipFeatures:
    """Features of whole videos with `named_tokens`."""
    frames = frames_of(lengths)
    samples = videos_as_clips(frames)
    return ClipFeatures(segments, samples, named_tokens(frames), len(frames), torch.device("cpu"), seed)
