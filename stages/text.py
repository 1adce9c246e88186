"""text: frozen CLIP tokens of the class names, or the texts in their place, by the encoder or from a file.

reads   the dataset's classes
writes  text: tokens, one row a class in the dataset's order
        texts: where the best of several texts of a class counts, one row a text, class after class
"""

from zsstad_core import configure
from zsstad_core.cache.stages import PHRASINGS, TEXT
from zsstad_core.errors import friendly
from zsstad_core.extraction.phrasings import combined, flat
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Compute, Content, Work, run, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.settings.encoder.tokens_from:
        run_whole("text", plan.text, lambda: from_file(plan))
        return
    run(Work("text", [plan.text, *([plan.phrasings] if plan.phrasings else [])], lambda: encoded(plan)))


def encoded(plan: Plan) -> Compute:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.encoder import Encoder

    encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    tokens = encoder.encode_texts(flat(plan.class_texts))
    made_with = {"encoder": encoder.says, "weights": encoder.weights}
    contents = {
        TEXT: Content(tokens=combined(tokens, plan.class_texts), made_with=made_with),
        PHRASINGS: Content(tokens=tokens, made_with=made_with),
    }
    return lambda group, artifacts, clock: contents


def from_file(plan: Plan) -> Content:
    from zsstad_core.datasets.token_files import open_files, read_texts
    from zsstad_core.extraction.given_tokens import made_with

    file = open_files(str(plan.settings.encoder.tokens_from), ["text", *(kind.name for kind in plan.kinds())])["text"]
    return Content(tokens=read_texts(file, plan.dataset.classes), made_with=made_with(file))


if __name__ == "__main__":
    main()
