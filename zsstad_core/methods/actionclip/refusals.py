"""Checks before hours of extraction whether ActionCLIP can run under given settings. Imports no torch."""

from zsstad_core.errors import UnfitHeadError
from zsstad_core.settings.pipeline import Settings


def refuse(settings: Settings) -> None:
    """Raise UnfitHeadError where ActionCLIP cannot run under the settings.

    It cannot run on tokens from files, with settings that would make phrasings of a class beside its own templates, or
    where the loss has nothing to compare: one clip a step, or clips that show several actions.
    """
    encoder, training, own = settings.encoder, settings.training, settings.heads.actionclip
    if encoder.tokens_from:
        raise UnfitHeadError(
            f"encoder.tokens_from is {encoder.tokens_from}, whose text file has one token a class; actionclip reads "
            "the phrasings of a class: set encoder.tokens_from=null, and name encoder.model and encoder.pretrained"
        )
    if encoder.template != "{}":
        raise UnfitHeadError(
            f'encoder.template is "{encoder.template}"; actionclip fills its own templates: set encoder.template={{}}, '
            "and heads.actionclip.templates"
        )
    if encoder.phrasings != "mean":
        raise UnfitHeadError(
            f"encoder.phrasings is {encoder.phrasings}; actionclip averages the probabilities under all phrasings: set "
            "encoder.phrasings=mean"
        )
    if own.loss == "classes":
        return
    if training.loss == "ava":
        raise UnfitHeadError(
            "heads.actionclip.loss is batch, which takes a clip to show one action; training.loss is ava, where it "
            "shows several: set heads.actionclip.loss=classes"
        )
    if training.batch < 2:
        raise UnfitHeadError(
            "training.batch is 1; with heads.actionclip.loss=batch a clip is compared with the others of its step: "
            "take at least 2, or set heads.actionclip.loss=classes"
        )
