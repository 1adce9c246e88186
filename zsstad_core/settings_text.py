"""The settings as text: pipeline.yaml with every default and its explanation, and the table in docs/settings.md."""

import textwrap
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from zsstad_core.settings.base import BY_DIGEST, HOW, Section
from zsstad_core.settings.pipeline import Settings

_HEADER = """\
# Every setting of the pipeline with its default. Change a value here, or for one command with SET="a.b=c d.e=f";
# `make plan` shows what a change would redo. (how) marks what changes speed or place only, and redoes nothing. (by
# digest) marks what names files, videos or texts: another content redoes what is made of it, another place does not.
"""
_MARKS = (HOW, BY_DIGEST)


def as_yaml(settings: Settings | None = None) -> str:
    """pipeline.yaml for these settings (the defaults, if none are given), explanations as comments."""
    return _HEADER + "\n".join(_yaml_lines(settings or Settings(), 0)) + "\n"


def as_markdown() -> str:
    """docs/settings.md: one table per section, with key, default and explanation."""
    lines = [
        "# Settings",
        "",
        "Written by `make settings` from `zsstad_core/settings/`; pipeline.yaml holds the same.",
        "",
        "A setting decides content by its value, which is in the cache keys of what it decides. Settings marked (how)",
        "change speed or place only and are in no key. Settings marked (by digest) name files, or choose videos, texts",
        "or tables: the digests of these are in keys, the setting's own value is not. So a file that is moved redoes",
        "nothing, and another content under the same name is noticed.",
        "",
    ]
    for name, section in _sections(Settings(), ""):
        lines += [
            f"## {name or 'Top level'}",
            "",
            _flat(type(section).__doc__ or ""),
            "",
            "| key | default | meaning |",
        ]
        lines.append("|---|---|---|")
        for key, field in type(section).model_fields.items():
            value = getattr(section, key)
            if not isinstance(value, Section):
                dotted = f"{name}.{key}" if name else key
                lines.append(f"| `{dotted}` | `{_scalar(value)}` | {_flat(field.description or '')}{_mark(field)} |")
        lines.append("")
    return "\n".join(lines)


def _yaml_lines(section: Section, depth: int) -> list[str]:
    indent = "  " * depth
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            lines += ["", f"{indent}{name}:"] if depth == 0 else [f"{indent}{name}:"]
            lines += _comment(type(value).__doc__ or "", indent + "  ")
            lines += _yaml_lines(value, depth + 1)
            continue
        lines += ["", *_comment((field.description or "") + _mark(field), indent)]
        if isinstance(value, dict) and value:
            body = yaml.safe_dump(value, sort_keys=False, width=1000).rstrip()
            lines += [f"{indent}{name}:", textwrap.indent(body, indent + "  ")]
        else:
            lines.append(f"{indent}{name}: {_scalar(value)}".rstrip())
    return lines


def _mark(field: FieldInfo) -> str:
    return "".join(f" ({mark})" for mark in _MARKS if mark in field.metadata)


def _sections(section: Section, prefix: str) -> list[tuple[str, Section]]:
    found = [(prefix, section)] if any(not isinstance(v, Section) for _, v in section) else []
    for name, value in section:
        if isinstance(value, Section):
            found += _sections(value, f"{prefix}.{name}" if prefix else name)
    return found


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(_flat(text), 116 - len(indent))]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return yaml.safe_dump(value, width=100_000, default_flow_style=True, sort_keys=False).removesuffix("...\n").strip()
