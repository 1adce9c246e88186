"""encode: frozen CLIP tokens or views of frames, persons and objects, or tokens from files: what the head reads.

reads   index, groundtruth, detect, the dataset's videos
writes  tokens-KIND: one artifact a kind
"""

import pandas as pd

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cluster import on_workers
from zsstad_core.errors import friendly
from zsstad_core.extraction import encode
from zsstad_core.extraction.footage import wanted_frames
from zsstad_core.extraction.token_boxes import boxes_of, on_real_frames
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Compute, Work, run


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    return ["av"] if settings.encoder.tokens_from else ["av", "zsstad_core.frozen.encoder"]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run(work(plan), on_workers("stages.encode", plan.settings))
    plan.save()


def work(plan: Plan) -> Work:
    tokens = [plan.tokens(kind) for kind in plan.kinds()]
    prepare = from_files if plan.settings.encoder.tokens_from else with_encoder
    allowed, by_file = plan.failures_allowed, bool(plan.settings.encoder.tokens_from)
    return Work("encode", tokens, lambda: prepare(plan), allowed, plan.inventory, reads_videos=not by_file)


def with_encoder(plan: Plan) -> Compute:
    encoder = None
    if any(kind.form != "pixel" for kind in plan.kinds()):
        from zsstad_core.frozen.device import choose_device
        from zsstad_core.frozen.encoder import Encoder

        encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    print(f"encode: {encoder.description if encoder else 'views, which need no weights'}")
    wanted = wanted_frames(read_artifact_table(plan.index, "frames")) if plan.dataset.keyframes else None
    return encode.encode(plan.videos, encoder, plan.settings.encoder, boxes(plan), wanted)


def from_files(plan: Plan) -> Compute:
    from zsstad_core.datasets.token_files import open_files
    from zsstad_core.extraction.given_tokens import given_tokens

    folder = str(plan.settings.encoder.tokens_from)
    kinds = plan.kinds()
    files = open_files(folder, [*(kind.name for kind in kinds), "text"])
    print(f"encode: tokens from {folder}, {files['text'].width} wide")
    rows = {TokenKind.frame: read_artifact_table(plan.index, "frames"), **boxes(plan)}
    return given_tokens({kind: files[kind.name] for kind in kinds}, rows, [plan.tokens(kind) for kind in kinds])


def boxes(plan: Plan) -> dict[TokenKind, pd.DataFrame]:
    """The boxes that become tokens, by kind."""
    kinds = plan.kinds()
    of = {kind.rows for kind in kinds}
    detected = read_artifact_table(plan.detect, "boxes") if of & {"person", "object"} else None
    if detected is not None:
        detected = on_real_frames(detected, read_artifact_table(plan.index, "frames"))
    annotated = read_artifact_table(plan.groundtruth, "groundtruth") if "groundtruth" in of else None
    return boxes_of(kinds, detected, annotated)


if __name__ == "__main__":
    main()
