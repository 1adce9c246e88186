"""export: tokens with their index as files for other people's code; docs/export.md shows what is in them.

reads   tokens-KIND, text
writes  OUT/tokens-KIND.h5 or .npz, one file a kind; nothing in the cache
"""

from pathlib import Path

import pandas as pd

from zsstad_core import configure
from zsstad_core.cache.export import FORMATS, Exported, export_texts, export_tokens
from zsstad_core.errors import SettingsError, friendly
from zsstad_core.plan import Plan

KINDS = ("frame", "groundtruth", "person", "object", "text")


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--format", default="h5", help=" or ".join(FORMATS))
    parser.add_argument("--kind", default="all", help=f"{', '.join(KINDS)}, or all that the head reads")
    parser.add_argument("--out", default="", help="folder for the files (export/DATASET)")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options))
    if options.format not in FORMATS:
        raise SettingsError(f'FORMAT is "{options.format}"; it must be one of {", ".join(FORMATS)}')
    folder = Path(options.out or f"export/{plan.settings.dataset}")
    for kind in chosen(plan, options.kind):
        file = exported(plan, kind, folder, options.format)
        print(f"export: {file.path}: {file.rows} rows of {file.width} {file.dtype}")
    plan.save()


def chosen(plan: Plan, kind: str) -> list[str]:
    if kind in KINDS:
        return [kind]
    if kind != "all":
        raise SettingsError(f'KIND is "{kind}"; it must be one of {", ".join(KINDS)}, all')
    if not plan.reads.tokens:
        raise SettingsError(f"the head {plan.settings.head} reads no tokens; choose another HEAD=, or name a KIND=")
    return [*plan.kinds(), "text"]


def exported(plan: Plan, kind: str, folder: Path, file_format: str) -> Exported:
    about = {"dataset": plan.settings.dataset}
    if kind != "text":
        return export_tokens(plan.tokens(kind), folder, file_format, about)
    read = plan.text.inputs.get("texts", [])
    texts = {"text": [text if isinstance(text, str) else " / ".join(text) for text in read]} if read else {}
    rows = pd.DataFrame({"class_name": plan.dataset.classes, **texts}, dtype=object)
    return export_texts(plan.text, rows, folder, file_format, about)


if __name__ == "__main__":
    main()
