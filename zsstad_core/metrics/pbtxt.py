"""Read messages in protobuf's text format, without their schema: comments, either quotes, `{}` or `<>`, any separators.

    item { name: "walk" id: 1 }      # a comment
    label: < name: 'sit ' "down", label_id: 2; label_type: PERSON_MOVEMENT >

The tokens, with their comments, escapes and joined strings, are those of protobuf's own library.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from google.protobuf.text_format import ParseError, Tokenizer

from zsstad_core.errors import DataError

_CLOSING = {"{": "}", "<": ">"}


class Message(NamedTuple):
    """A message of the file: the line on which it begins, its name, and its fields of the wanted names."""

    line: int
    kind: str
    fields: dict[str, str | int]


def read_messages(text: str, where: str, wanted: Mapping[str, type]) -> Iterator[Message]:
    """The messages at the top of a text. wanted: the names of the fields to read, each with its type, str or int; other
    fields are passed over, whatever they hold.

    Raises DataError naming the line (after `where`) that is not in the format, and a wanted field that stands twice in
    a message.
    """
    try:
        tokens = Tokenizer(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        while not tokens.AtEnd():
            line, kind = _line(tokens), tokens.ConsumeIdentifier()
            tokens.TryConsume(":")
            yield Message(line, kind, _fields(tokens, wanted))
            _separator(tokens)
    except ParseError as error:
        reason = str(error).partition(" : ")[2]
        raise DataError(f"{where}:{error.GetLine()}: not protobuf's text format: {reason}") from error
    except RecursionError as error:
        raise DataError(f"{where}: not readable (its messages stand too deep in each other)") from error


def _fields(tokens: Tokenizer, wanted: Mapping[str, type]) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    closing = _opened(tokens)
    while not tokens.TryConsume(closing):
        name = _field_name(tokens)
        if name in found:
            raise tokens.ParseError(f"{name} stands twice in this entry")
        if name in wanted:
            tokens.Consume(":")
            found[name] = tokens.ConsumeString() if wanted[name] is str else tokens.ConsumeInteger()
        else:
            _pass_over(tokens)
        _separator(tokens)
    return found


def _field_name(tokens: Tokenizer) -> str:
    if not tokens.TryConsume("["):
        return str(tokens.ConsumeIdentifier())
    while not tokens.TryConsume("]"):  # the name of an extension, or of a type: [a.b/c]
        _next(tokens)
    return ""


def _pass_over(tokens: Tokenizer) -> None:
    """Skip the value of a field, with its colon."""
    tokens.TryConsume(":")
    if tokens.TryConsume("["):
        while not tokens.TryConsume("]"):
            _pass_over(tokens)
            tokens.TryConsume(",")
    elif tokens.LookingAt("{") or tokens.LookingAt("<"):
        _fields(tokens, {})
    elif not tokens.TryConsumeByteString():
        tokens.TryConsume("-")
        if not tokens.TryConsumeIdentifierOrNumber() and not tokens.TryConsumeFloat():
            raise tokens.ParseError("a value is due here")


def _opened(tokens: Tokenizer) -> str:
    """The sign that ends the message that begins here."""
    for opening, closing in _CLOSING.items():
        if tokens.TryConsume(opening):
            return closing
    raise tokens.ParseError('Expected "{".')


def _separator(tokens: Tokenizer) -> None:
    if not tokens.TryConsume(","):
        tokens.TryConsume(";")


def _next(tokens: Tokenizer) -> None:
    if tokens.AtEnd():
        raise tokens.ParseError("the text ends within a name")
    tokens.NextToken()


def _line(tokens: Tokenizer) -> int:
    return int(tokens.ParseError("").GetLine())
