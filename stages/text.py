"""text: frozen CLIP tokens of the class names, or the texts in their place, by the encoder or from a file.

reads   the dataset's classes
writes  text: tokens, one row a class in the dataset's order
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.extraction.phrasings import combined, flat
from zsstad_core.frozen.encoder_identity import class_texts
from zsstad_core.plan import Plan
from zsstad_core.work import Content, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    prepare = from_file if plan.settings.encoder.tokens_from else encoded
    run_whole("text", plan.text, lambda: prepare(plan))


def encoded(plan: Plan) -> Content:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.encoder import Encoder

    encoder = Encoder(plan.settings.encoder, choose_device(plan.settings.device))
    texts = class_texts(plan.dataset.classes, plan.settings.encoder)
    tokens = combined(encoder.encode_texts(flat(texts)), texts)
    return Content(tokens=tokens, made_with={"encoder": encoder.says, "weights": encoder.weights})


def from_file(plan: Plan) -> Content:
    from zsstad_core.datasets.token_files import open_files, read_texts
    from zsstad_core.extraction.given_tokens import made_with

    file = open_files(str(plan.settings.encoder.tokens_from), ["text", *plan.kinds()])["text"]
    return Content(tokens=read_texts(file, plan.dataset.classes), made_with=made_with(file))


if __name__ == "__main__":
    main()
