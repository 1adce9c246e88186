"""Settings of the methods."""

from typing import Annotated, Literal

from pydantic import Field

from zsstad_core.settings.base import HOW, Fraction, Section


class ClipFrame(Section):
    """Baseline: CLIP's feature of the whole frame against the class names, the same for every person of the frame."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""


class ClipCrop(Section):
    """Baseline: CLIP's feature of the person's crop against the class names."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""


class Iclip(Section):
    """iCLIP (paper 001). Defaults are what made the published numbers, where code and paper differ the code."""

    blocks: Annotated[str, Field(pattern="^[POCM]*$")] = "POCMPOCM"
    """Interaction blocks in order: P(erson), O(bject), C(ontext), M(emory). The code has two rounds, the paper draws
    one; order from table 5."""

    padding: Literal["zeros", "masked"] = "zeros"
    """Empty key slots: `zeros` take part in the softmax as in the published code, `masked` do not."""

    persons: Annotated[int, Field(ge=1)] = 25
    """Person key slots a frame."""

    objects: Annotated[int, Field(ge=1)] = 5
    """Object key slots a frame."""

    object_choice: Literal["score", "random"] = "score"
    """Which objects touching a person are taken when there are more than slots: the best scores, or a choice drawn
    afresh from the frame's identity and the seed (the published code draws at random, also at test time)."""

    context_slots: Annotated[int, Field(ge=1)] = 25
    """Context key slots, of which one is the frame's feature."""

    memory_before: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames before the current one in memory."""

    memory_after: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames after the current one in memory."""

    memory_slots: Annotated[int, Field(ge=1)] = 10
    """Memory key slots a neighbouring frame, of which one is that frame's feature."""

    memory: Literal["visited", "all"] = "visited"
    """Neighbours available in training: frames that an earlier iteration has visited (as published), or all."""

    context_weight: Fraction = 0.5
    """Share of the whole frame's feature in the interaction feature; the rest is the person's."""

    prompting_layers: Annotated[int, Field(ge=0)] = 2
    """Layers of Interaction-Aware Prompting; 0 turns it off. Code: 2 (14.8 M trainable), the paper's 11.6 M fit 1."""

    prompting_scale: float = 0.1
    """Initial value of the learned scale on the prompt. 1.0 is the paper's equation 4."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout on each interaction block's output."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this; fixed, as published."""

    block_lr_factor: Annotated[float, Field(gt=0)] = 10.0
    """Learning rate of the interaction blocks, as a multiple of `training.lr`. Code: 10."""

    bias_lr_factor: Annotated[float, Field(gt=0)] = 2.0
    """Learning rate of biases, as a multiple of that of their module; biases have no weight decay. Code: 2."""


class Oracle(Section):
    """The perfect classifier that measures a detector."""

    knows: Literal["video", "person"] = "video"
    """`video`: every person does what is annotated in its video (the published ceilings of J-HMDB). `person`: what the
    annotated person does that it overlaps most, from IoU 0.5 on, and nothing where there is none."""


class Stclip(Section):
    """ST-CLIP (paper 002). Defaults are what made the published numbers on J-HMDB; where code and paper differ, the
    code's.

    The rows of the paper's tables are these settings: 4 and 5 `prompting`, 6 `prompting`, 7 `person_tokens` and
    `adapter`, 8 `temporal` and `temporal_layers`, 11 `prompt_tokens`, 14 `lora_rank`, 15 `interest_tokens`.
    """

    frames_before: Annotated[int, Field(ge=0)] = 4
    """Neighbouring frames before the current one in its window. The window slides at the ends of a video, so that it
    keeps its length; a video that is shorter than the window is its own window."""

    frames_after: Annotated[int, Field(ge=0)] = 4
    """Neighbouring frames after the current one in its window."""

    temporal: Literal["attention", "average", "none"] = "attention"
    """How a window becomes context tokens (table 8): `attention` over time and the mean, the mean alone (`average`), or
    the current frame alone (`none`)."""

    temporal_layers: Annotated[int, Field(ge=1)] = 1
    """Layers of attention over time (table 8 has 1 and 2)."""

    person_tokens: Literal["encoder", "patches"] = "encoder"
    """What a person is (table 7): its crop's class token out of the encoder, or the mean of the crop's patch
    embeddings."""

    adapter: Literal["ffn", "fc", "none"] = "ffn"
    """What makes it a token of the frame's sequence (table 7): a feed-forward network, one layer, or nothing."""

    whole_frame: bool = True
    """Whether the encoder's token of the whole current frame is added to each person's last token. The published code
    does it and the published costs contain it; the paper does not mention it."""

    lora_rank: Annotated[int, Field(ge=0)] = 8
    """Rank of LoRA in the encoder's feed-forward layers; 0 for none (table 14: 0, 2, 4, 8, 16)."""

    lora_in_crops: bool = True
    """Whether crops and whole frames go through LoRA too, and so through the encoder in every step, as published.
    Otherwise they are frozen tokens, which are computed once: about a quarter of a step's work remains."""

    prompting: Literal["every", "last", "none"] = "every"
    """After which blocks of the encoder the labels are prompted (tables 4 and 6)."""

    prompt_tokens: Literal["all", "context", "interest"] = "all"
    """What prompts them: `all` tokens of the frame's sequence, class token and persons too (as the published code),
    `context` tokens only (as the paper says), or each person's `interest` tokens (as on AVA; table 11)."""

    interest_tokens: Annotated[int, Field(ge=1)] = 100
    """K of Interest Token Spotting: the tokens that a person attends to most (table 15: 80, 100, 150, 200)."""

    interest_class_token: bool = True
    """Whether the class token can be an interest token. Persons and context can; of it the paper says nothing, and
    this part of the code was never published."""

    prompt_scale: float = 0.2
    """Initial value of rho, the learned weight of what a prompting layer adds to the labels."""

    persons: Annotated[int, Field(ge=1)] = 10
    """Persons of a frame that go through the encoder together; of a frame with more, the others form a further
    sequence. The published code draws 10 of them at random in training."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this; fixed, as published."""

    checkpointing: Annotated[bool, HOW] = False
    """Keep only each block's input for the backward pass and compute the rest again: the same numbers with a fraction
    of the memory, in about a third more time."""


class Heads(Section):
    """One section a method."""

    clip_frame: ClipFrame = ClipFrame()
    clip_crop: ClipCrop = ClipCrop()
    iclip: Iclip = Iclip()
    stclip: Stclip = Stclip()
    oracle: Oracle = Oracle()
