"""Collect the attention of the persons of some test frames, from a head that can show it."""

from collections.abc import Iterator

import pandas as pd

from zsstad_core.frozen.encoder_identity import view_rules
from zsstad_core.methods import registry
from zsstad_core.plan.plan import Plan
from zsstad_core.report.block_attention import FrameBlocks, frame_blocks
from zsstad_core.report.patch_attention import FramePatches, frame_patches
from zsstad_core.report.shown_persons import Place, number_persons, pictures, samples_of


def attention_of_frames(plan: Plan, best: pd.DataFrame, places: list[Place]) -> Iterator[FramePatches | FrameBlocks]:
    """Some test frames with the attention of their persons; best: as `shown_persons.best_actions`.

    Reads train, and what the head reads. Raises CacheError if one of these is not there, as `video.decode`, and
    DataError if nobody is scored on a frame.
    """
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.learning.banks import scoring_bank
    from zsstad_core.learning.trained import trained_head
    from zsstad_core.methods.explanation import PatchAttention

    bank = scoring_bank(plan, choose_device(plan.settings.device), {video_id for video_id, _ in places})
    head = trained_head(plan, bank.width).to(bank.device).eval()
    explain, unseen = registry.load(plan.method.explain), plan.split.unseen
    for place, picture in pictures(plan, places):
        rows = number_persons(best, *place)
        found = [
            (sample, numbers, explain(head, bank.gather(sample).batch)) for sample, numbers in samples_of(bank, rows)
        ]
        if isinstance(found[0][2], PatchAttention):
            patches = [(attention, numbers) for _, numbers, attention in found]
            yield frame_patches(place, picture, rows, patches, unseen, view_rules(plan.settings.encoder))
        else:
            yield frame_blocks(place, picture, rows, found, unseen, bank)
