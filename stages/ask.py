"""ask: which person does which action in the user's own videos, for the user's own labels (docs/ask.md).

reads   index, detect, score, text; the videos
writes  OUT/answer.json, detections.csv, labels.pbtxt, index.html, and each video with boxes (results/ask/NAME)
        with --makefile: the rules that make includes to produce the scores
"""

import shlex
from argparse import Namespace
from pathlib import Path

from zsstad_core import configure
from zsstad_core.ask import refusals, text
from zsstad_core.ask.question import Question, read_question
from zsstad_core.cache.stages import TEXT
from zsstad_core.errors import friendly
from zsstad_core.plan.makefile import rules, write_choices, write_makefile
from zsstad_core.plan.plan import Plan


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--video", default="", help="VIDEO= of the Makefile: a file, several, a folder, a list")
    parser.add_argument("--labels", default="", help="LABELS= of the Makefile: names with commas between, or a file")
    parser.add_argument("--out", default="", help="folder for the files (results/ask/NAME)")
    parser.add_argument("--since", default="", help="how long the ledgers were before the stages ran")
    parser.add_argument("--makefile", action="store_true", help="write the rules for make, and print the file's name")
    options = parser.parse_args()
    question = read_question(options)
    plan = Plan(configure.from_arguments(question.options), retry=options.makefile)
    if options.makefile:
        print(write_makefile(makefile(plan, question)))
    else:
        write_answer(plan, Path(options.out or f"results/ask/{question.name}"), options.since, command(options))
    plan.save()


def makefile(plan: Plan, question: Question) -> str:
    """The rules that make the scores. Texts come first: a label that is too long is reported before the detection."""
    refusals.refuse_without_pictures(plan.videos.values())
    refusals.refuse_other_encoder(plan)
    needed = [*(artifact.done for artifact in plan.extract() if artifact.stage.target == TEXT.target), plan.score.done]
    lines = [f"ASKED := {' '.join(map(str, needed))}", f"ASKED_SINCE := {text.ledger_sizes(plan)}"]
    return "\n".join([*lines, *rules({write_choices(question.options): plan})])


def command(options: Namespace) -> str:
    """The make command line of the question."""
    names = ("video", "labels", "head", "trained_on", "split", "recipe")
    words = {name.upper(): getattr(options, name) for name in names} | {"SET": " ".join(options.overrides.split())}
    return f"make ask {' '.join(f'{name}={shlex.quote(value)}' for name, value in words.items() if value)}"


def write_answer(plan: Plan, folder: Path, since: str, command: str) -> None:
    """Write the answer and print it; then its extras, which may fail with a remark."""
    from zsstad_core.ask import extras, files
    from zsstad_core.ask.answer import answer_all
    from zsstad_core.ask.remarks import NOTE, crowded, random_weights
    from zsstad_core.report.page.of_answers import page_of_answers
    from zsstad_core.report.page.write import write_page

    labels, found = plan.dataset.classes, answer_all(plan)
    refusals.refuse_nobody(plan, found)
    names = files.names_of_videos(found)
    refusals.refuse_overwriting(plan, folder, names)
    extras.remove_old(folder, names)
    remarks = crowded(plan, found)
    files.write_answer(folder, plan, found, remarks)
    lines = [line for one in found for line in text.answer_lines(one, labels)]
    print("\n".join([*lines, *text.left_out_lines(plan)]))
    shown, losses = extras.annotate_all(plan, found, names, folder, NOTE if random_weights(plan) else "")
    remarks += losses
    files.write_json(folder, plan, found, shown, remarks)
    page = extras.attempt(
        extras.PAGE, lambda: write_page(folder / extras.PAGE, page_of_answers(plan, found, command, remarks))
    )
    print("".join(f"  {line}\n" for line in [*(f"{name}: {line}" for name, line in remarks), *page]), end="")
    if random := random_weights(plan):
        print(f"ask: {random}")
    if plan.shared_classes:
        print(f"ask: learned in training, so no zero-shot: {', '.join(plan.shared_classes)}")
    print(f"ask: {text.stages_text(plan, since)}")
    for name in (*([] if page else [extras.PAGE]), *files.NAMES, *shown.values()):
        print(f"ask: {folder / name}")


if __name__ == "__main__":
    main()
