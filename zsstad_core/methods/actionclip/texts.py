"""The phrasings of a class, made from its name or its texts. Imports no torch."""

from collections.abc import Sequence

from zsstad_core.errors import UnfitHeadError


def phrasings(templates: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """The phrasings of each class: every template with every text of the class in place of `{}`.

    texts: for each class its name, or its texts of `encoder.texts`. All classes get the same number of phrasings in the
    same order: the texts under the first template, then the texts under the second. So the i-th phrasings of all
    classes are compared with each other (`by_phrasing`).

    Raises UnfitHeadError where one class has more texts than another.
    """
    first = texts[0] if texts else []
    for other in texts:
        if len(other) != len(first):
            raise UnfitHeadError(
                f'encoder.texts: a class has {_some(other)} ("{other[0]}"), another {_some(first)} ("{first[0]}"); '
                "actionclip compares the first texts of all classes with each other, then the second: give each class "
                "as many"
            )
    return [[template.replace("{}", text) for template in templates for text in of_class] for of_class in texts]


def _some(texts: Sequence[str]) -> str:
    return f"{len(texts)} text{'s' if len(texts) > 1 else ''}"
