"""``-o``: a table for people, JSON or YAML for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import typer

from orchestrator.cli.output import print_block, print_json, print_json_list
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.printable import steering_character

Format = Literal["table", "json", "yaml"]
_ONE_LINE: Final = 10_000
FORMATS: Final[tuple[Format, ...]] = ("table", "json", "yaml")

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="table|json|yaml",
        help="How to print it.",
        show_default="table",
        autocompletion=lambda: list(FORMATS),
    ),
]


def chosen_format(json_output: bool, output: str | None) -> Format:
    """What ``--json`` and ``-o`` together ask for. Raises ``InvalidInput``."""
    if output is not None and output not in FORMATS:
        raise InvalidInput([Problem("-o", output, f"expected one of {', '.join(FORMATS)}")])
    if json_output and output not in (None, "json"):
        raise InvalidInput([Problem("-o", output, "--json asks for JSON; give one of the two")])
    return "json" if json_output else output or FORMATS[0]


def print_value(value: Any, form: Format) -> None:
    """One JSON line, or one YAML document."""
    if form == "json":
        print_json(value)
    else:
        print_block(_yaml(value))


def print_list(head: Mapping[str, Any], name: str, items: Iterable[Any], form: Format) -> None:
    """One document whose last member is a list that is written as it comes, not held."""
    if form == "json":
        print_json_list(head, name, items)
        return
    if head:
        print_block(_yaml(head))
    written = False
    for item in items:
        print_block(_yaml({name: [item]}) if not written else _yaml([item]))
        written = True
    if not written:
        print_block(_yaml({name: []}))


def _yaml(value: Any) -> str:
    import yaml

    quick = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    try:
        text = str(yaml.dump(value, Dumper=quick, sort_keys=False, allow_unicode=True, width=_ONE_LINE))
    except UnicodeEncodeError:
        # Half a character, from a hand or an answer: libyaml writes none.
        text = "\ud800"
    if any(steering_character(line) is not None for line in text.split("\n")):
        # Characters that steer a terminal become YAML's own escapes, so that the value stays what it is.
        text = str(yaml.dump(value, Dumper=yaml.SafeDumper, sort_keys=False, width=_ONE_LINE))
    return text.rstrip("\n")
