"""docs/steps.md says what the code does: every parameter and default, and an example that works."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic.fields import FieldInfo

from steps import Step, load_registry

PAGE = (Path(__file__).parents[3] / "docs" / "steps.md").read_text()
REGISTRY = load_registry()


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("name", REGISTRY.names())
def test_parameter_tables(name: str) -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section(name), re.MULTILINE))
    fields: dict[str, FieldInfo] = REGISTRY.get(name).Parameters.model_fields
    assert set(table) == set(fields)
    for parameter, field in fields.items():
        if field.is_required():
            assert table[parameter] == "required"
        elif field.default is not None:
            default = field.default
            assert table[parameter].strip("`") == (default if isinstance(default, str) else f"{default:g}")


@pytest.mark.parametrize("name", REGISTRY.names())
def test_examples_are_accepted(name: str) -> None:
    (example,) = re.findall(r"^    - (\{.*\})$", section(name), re.MULTILINE)
    written: dict[str, Any] = yaml.safe_load(example)
    assert written.pop("type") == name
    REGISTRY.get(name).Parameters.model_validate(written)


def test_the_step_of_your_own_runs_as_printed() -> None:
    code = section("Write your own step").split("    # drain.py\n")[1].split("    # pyproject.toml")[0]
    scope: dict[str, Any] = {"__name__": "drain"}
    exec(compile(textwrap.dedent(code), "drain.py", "exec"), scope)
    assert issubclass(scope["Drain"], Step)
    assert scope["Drain"]().name == "drain-queue"
    assert scope["DrainParameters"].model_validate({"url": "http://queue", "maxAttempts": 3}).max_attempts == 3
