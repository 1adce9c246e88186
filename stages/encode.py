"""encode: frozen CLIP tokens of frames, persons and objects: the kinds that the chosen head reads.

reads   index, groundtruth, detect, the dataset's videos
writes  tokens-KIND: one artifact a kind
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.extraction import encode
from zsstad_core.extraction.token_boxes import boxes_of, on_real_frames
from zsstad_core.extraction.units import Compute, run_units
from zsstad_core.plan import Plan


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_units("encode", [plan.tokens(kind) for kind in plan.kinds()], lambda: with_encoder(plan))
    plan.save()


def with_encoder(plan: Plan) -> Compute:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.encoder import Encoder

    encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    print(f"encode: {encoder.says}")
    kinds = plan.kinds()
    detected = read_artifact_table(plan.detect, "boxes") if {"person", "object"} & set(kinds) else None
    if detected is not None:
        detected = on_real_frames(detected, read_artifact_table(plan.index, "videos"))
    annotated = read_artifact_table(plan.groundtruth, "groundtruth") if "groundtruth" in kinds else None
    return encode.encode(plan.sources, encoder, plan.settings.encoder, boxes_of(kinds, detected, annotated))


if __name__ == "__main__":
    main()
