"""text: frozen CLIP tokens of the class names, or of texts given for them, by the encoder or from a file.

reads   the dataset's classes
writes  text: tokens, one row per class in the dataset's order
        texts: if the method reads phrasings, or the best of several texts of a class counts: one row per text, class
        after class
        words: if the method reads words: one row per text, with all its positions
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from zsstad_core import configure
from zsstad_core.cache.stages import PHRASINGS, TEXT, Stage
from zsstad_core.errors import friendly
from zsstad_core.extraction.phrasings import combine_phrasings, flat
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Compute, Content, Work, run, run_whole

if TYPE_CHECKING:
    from zsstad_core.frozen.encoder import Encoder


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    return [] if settings.encoder.tokens_from else ["zsstad_core.frozen.encoder"]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.settings.encoder.tokens_from:
        run_whole("text", plan.text, lambda: from_file(plan), plan.inventory)
    else:
        run(work(plan))


def work(plan: Plan) -> Work:
    return Work("text", plan.texts(), lambda: encode(plan), sources=plan.inventory)


def encode(plan: Plan) -> Compute:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.encoder import Encoder

    encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    made_with = {"encoder": encoder.description, "weights": encoder.weights}
    made = {artifact.stage: encode_form(plan, artifact.stage, encoder) for artifact in plan.texts()}
    contents = {stage: replace(content, made_with=made_with) for stage, content in made.items()}
    return lambda group, artifacts, clock: contents


def encode_form(plan: Plan, stage: Stage, encoder: "Encoder") -> Content:
    if stage == TEXT:
        return Content(tokens=combine_phrasings(encoder.encode_texts(flat(plan.class_texts)), plan.class_texts))
    texts = flat([*plan.phrasings_of_classes.values()])
    if stage == PHRASINGS:
        return Content(tokens=encoder.encode_texts(texts))
    from zsstad_core.extraction.words import as_files

    words = encoder.encode_words(texts)
    return Content(tokens=words.token_MLD, files=as_files(words))


def from_file(plan: Plan) -> Content:
    from zsstad_core.datasets.token_files import open_files, read_texts
    from zsstad_core.extraction.given_tokens import made_with

    file = open_files(str(plan.settings.encoder.tokens_from), ["text", *(kind.name for kind in plan.kinds())])["text"]
    return Content(tokens=read_texts(file, plan.dataset.classes), made_with=made_with(file))


if __name__ == "__main__":
    main()
