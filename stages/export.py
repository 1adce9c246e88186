"""export: tokens with their index as files for other programs; docs/export.md shows what is in them.

reads   tokens-KIND, text; with KIND=encoder train
writes  OUT/tokens-KIND.h5 or .npz, one file a kind, or OUT/encoder.safetensors; nothing in the cache
"""

from pathlib import Path

import pandas as pd

from zsstad_core import configure
from zsstad_core.cache.export import FORMATS, ExportedFile, export_texts, export_tokens, whole_file
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import SettingsError, friendly
from zsstad_core.methods import registry
from zsstad_core.plan.plan import Plan

KINDS = (
    *(kind.name for kind in TokenKind if kind.form == "token"),
    "text",
    *(kind.name for kind in TokenKind if kind.form != "token"),
)


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--format", default="", help=f"{' or '.join(FORMATS)} ({FORMATS[0]})")
    parser.add_argument("--kind", default="all", help=f"{', '.join(KINDS)}, encoder, or all tokens that the head reads")
    parser.add_argument("--out", default="", help="folder for the files (export/DATASET)")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options))
    if options.kind == "encoder" and options.format:
        raise SettingsError(f"FORMAT={options.format}: KIND=encoder has one format, a file of torch; leave FORMAT= out")
    form = options.format or FORMATS[0]
    if form not in FORMATS:
        raise SettingsError(f'FORMAT is "{options.format}"; it must be one of {", ".join(FORMATS)}')
    folder = Path(options.out or f"export/{plan.settings.dataset}")
    if options.kind == "encoder":
        print(f"export: {encoder(plan, folder / 'encoder.pt')}: encoder.pretrained= takes it")
    else:
        for kind in kinds_to_export(plan, options.kind):
            file = export_kind(plan, kind, folder, form)
            print(f"export: {file.path}: {file.rows} rows of {' x '.join(map(str, file.shape))} {file.dtype}")
    plan.save()


def kinds_to_export(plan: Plan, kind: str) -> list[str]:
    if kind in KINDS:
        return [kind]
    if kind != "all":
        raise SettingsError(f'KIND is "{kind}"; it must be one of {", ".join(KINDS)}, encoder, all')
    if not plan.reads.kinds:
        raise SettingsError(f"the head {plan.settings.head} reads no tokens; choose another HEAD=, or name a KIND=")
    return [*(kind.name for kind in plan.kinds()), "text"]


def export_kind(plan: Plan, kind: str, folder: Path, file_format: str) -> ExportedFile:
    about = {"dataset": plan.settings.dataset}
    if kind != "text":
        refuse_unmade(plan, TokenKind[kind])
        return export_tokens(plan.tokens(TokenKind[kind]), folder, file_format, about)
    read = plan.text.inputs.get("texts", [])
    texts = {"text": [text if isinstance(text, str) else " / ".join(text) for text in read]} if read else {}
    rows = pd.DataFrame({"class_name": plan.dataset.classes, **texts}, dtype=object)
    return export_texts(plan.text, rows, folder, file_format, about)


def refuse_unmade(plan: Plan, kind: TokenKind) -> None:
    """Raise SettingsError for tokens that are not in the cache and that `make encode` would not make."""
    if kind in plan.kinds() or plan.tokens(kind).done.exists():
        return
    if kind in plan.read_kinds():
        raise SettingsError("encoder.pixels is decoded, so no views are kept: set encoder.pixels=cached, `make encode`")
    raise SettingsError(
        f"head {plan.settings.head} reads no tokens of kind {kind.name}, and none are in the cache; choose a HEAD= and "
        f"settings that do, and run `make encode`"
    )


def encoder(plan: Plan, path: Path) -> Path:
    """Write the image encoder, with the trained head's LoRA merged into its weights, and the text encoder."""
    if not plan.method.trains_encoder(plan.settings):
        others = ", ".join(name for name in registry.names() if registry.method(name).encoder)
        raise SettingsError(
            f"head {plan.settings.head} trains nothing in the encoder under these settings; {others} can: choose "
            "another HEAD=, or a rank of LoRA above 0"
        )
    from zsstad_core.learning.trained import trained_head
    from zsstad_core.learning.weights import as_bytes

    merged = registry.load(plan.method.encoder)(trained_head(plan, 0), plan.settings)
    with whole_file(path) as temporary:
        temporary.write_bytes(as_bytes(merged))
    return path


if __name__ == "__main__":
    main()
