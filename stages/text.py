"""text: frozen CLIP tokens of the class names, or the texts in their place, by the encoder or from a file.

reads   the dataset's classes
writes  text: tokens, one row a class in the dataset's order
        texts: where the best of several texts of a class counts, one row a text, class after class
"""

from zsstad_core import configure
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
    run(Work("text", plan.texts(), lambda: encode(plan)))


def encode(plan: Plan) -> Compute:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.encoder import Encoder

    encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    made_with = {"encoder": encoder.says, "weights": encoder.weights}
    contents = {}
    for artifact in plan.texts():
        texts = plan.class_texts if artifact == plan.text else [*plan.phrasings_of_classes.values()]
        tokens = encoder.encode_texts(flat(texts))
        combine = combined(tokens, texts) if artifact == plan.text else tokens
        contents[artifact.stage] = Content(tokens=combine, made_with=made_with)
    return lambda group, artifacts, clock: contents


def from_file(plan: Plan) -> Content:
    from zsstad_core.datasets.token_files import open_files, read_texts
    from zsstad_core.extraction.given_tokens import made_with

    file = open_files(str(plan.settings.encoder.tokens_from), ["text", *(kind.name for kind in plan.kinds())])["text"]
    return Content(tokens=read_texts(file, plan.dataset.classes), made_with=made_with(file))


if __name__ == "__main__":
    main()
