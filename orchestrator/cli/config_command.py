"""`config`: the resolved settings and where each came from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import typer

from orchestrator.cli.output import JsonOption, print_json, print_line, print_problems
from orchestrator.domain.errors import InvalidInput


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(config)


def config(json_output: JsonOption = False) -> None:
    """Print every application setting, its value and where it came from; secrets are masked."""
    from orchestrator.settings.doubts import doubts
    from orchestrator.settings.installed_steps import installed_steps
    from orchestrator.settings.model import load_settings
    from orchestrator.settings.origins import resolved_settings

    settings = load_settings()
    found = resolved_settings(settings)
    steps: Iterable[str] = ()
    try:
        steps = installed_steps().names()
    except InvalidInput as error:
        print_problems("warning", error.problems)
    print_problems("warning", doubts(settings, steps))
    if json_output:
        listed = [{"name": o.name, "value": o.value, "source": o.source, "origin": o.origin} for o in found]
        print_json({"configFile": os.environ.get("CHANGEOVER_CONFIG") or None, "settings": listed})
        return
    # Lines, not a table: a long value is neither folded nor cut.
    width = max(len(one.name) for one in found)
    for one in found:
        value = one.value if isinstance(one.value, str) else json.dumps(one.value, ensure_ascii=False)
        origin = one.source if one.origin is None else f"{one.source}: {one.origin}"
        print_line(f"{one.name:<{width}}  {value}  ({origin})")
