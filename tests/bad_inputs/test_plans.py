"""Every place of a plan with every bad value: one line a problem, nothing written, or it is right after all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import load_registry
from tests.bad_inputs.conftest import Printed, Run
from tests.support.bad_inputs import (
    HEAD_PLACES,
    PLACES,
    VALUES,
    Place,
    path_of,
    with_strange_key,
    with_value,
    without,
)
from tests.support.long import IS_LONG, longer, mostly_long
from tests.support.right_plan import right_fleet

REGISTRY = load_registry()
SETTINGS = Settings()
# Where anything may stand: what is sent as it is. The others have a type, and refuse most.
FREE = {"stages[0].steps[0].value", "stages[0].steps[0].value.version", "stages[0].steps[1].message"}
FREE |= {"stages[0].steps[1].message.tenantId"}
FEW = 1 if IS_LONG else len(VALUES)
"""Of the values, each place of the head has one of so many."""
DAMAGED = (b"\xff", b"\x00", b'"\xed\xa0\x80"', b"*a", b"&a *a", b"!!x", b"%", b"@", b"1e", b"'", b"\x1b[2J", b"NaN")


def told(plan: dict[str, Any]) -> list[str]:
    return [problem.path for problem in validate_plan(plan, registry=REGISTRY, settings=SETTINGS).errors]


def reaches(value: Any, place: Place) -> bool:
    """Whether there is still something that could hold the place."""
    for key in place[:-1]:
        if not isinstance(value, dict | list) or (isinstance(value, list) and key not in range(len(value))):
            return False
        value = value[key] if isinstance(value, list) else value.get(key)  # type: ignore[index]
    return isinstance(value, dict)


def refused(plan: Any, printed: Printed, path: Path) -> list[str]:
    """The lines that the file is refused with; none when it is right."""
    path.write_text(json.dumps(plan))
    return printed(validate_plan(path, registry=REGISTRY, settings=SETTINGS).errors)


@pytest.mark.parametrize("place", mostly_long(PLACES, *PLACES[::8]), ids=path_of)
def test_every_value_at_a_place(place: Place, printed: Printed, tmp_path: Path) -> None:
    wrong = 0
    for name, value in VALUES.items():
        lines = refused(with_value(place, value), printed, tmp_path / "plan.json")
        wrong += bool(lines)
        assert len(lines) <= 6, (name, lines)
        if name in ("list of lists", "deep") and path_of(place) not in FREE:
            assert lines, f"{name} was taken at {path_of(place)}"
    assert wrong >= (1 if path_of(place) in FREE else len(VALUES) // 3)


STRANGE_KEYS = ("", "a\nerror: forged", "x" * 5000, "\u202e")


@longer
def test_every_place_left_out_and_every_key_too_many(printed: Printed, tmp_path: Path) -> None:
    for number, place in enumerate(PLACES):
        lines = refused(without(place), printed, tmp_path / "plan.json")
        assert len(lines) <= 3, (place, lines)
        for key in STRANGE_KEYS if IS_LONG else STRANGE_KEYS[number % len(STRANGE_KEYS) :: len(STRANGE_KEYS)]:
            lines = refused(with_strange_key(place, key), printed, tmp_path / "plan.json")
            assert len(lines) <= 1, (place, key, lines)


MISTAKES: dict[Place, Any] = {
    ("priority",): 101,
    ("rollback_order",): "x",
    ("waves", 0, "gate", "url"): "ftp://x",
    ("waves", 3, "max_concurrency"): 0,
    ("stages", 0, "name"): "",
}
"""Each is one problem, and no obstacle to seeing any other."""


@longer
@pytest.mark.timeout(600)
def test_a_bad_value_in_the_head_hides_no_mistake_elsewhere() -> None:
    assert told(right_fleet()) == []
    for number, place in enumerate(HEAD_PLACES):
        beside = {at: wrong for at, wrong in MISTAKES.items() if at[: len(place)] != place and place[: len(at)] != at}
        # Another place of its kind has the other values.
        for value in list(VALUES.values())[number % FEW :: FEW]:
            alone = both = with_value(place, value, right_fleet())
            for at, wrong in beside.items():
                if reaches(both, at):
                    both = with_value(at, wrong, both)
            expected = [*told(alone), *(path_of(at) for at in beside if reaches(alone, at))]
            assert sorted(told(both)) == sorted(expected), (place, value)


@pytest.mark.parametrize("name", VALUES)
def test_what_is_no_plan_is_refused_before_the_server_is_asked(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(VALUES[name]))
    ended = run(["submit", "plan.json"])
    assert (ended.code, ended.out, ended.usage) == (2, "", [])
    assert ended.errors
    (tmp_path / "plan.json").write_text(json.dumps(with_value(("max_concurrency",), VALUES[name])))
    ended = run(["submit", "plan.json"])
    assert (ended.code, len(ended.errors)) == (2, 1)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_bytes_that_are_no_text(suffix: str, printed: Printed, tmp_path: Path) -> None:
    right = json.dumps(with_value(("name",), "x")).encode()
    damaged = [right[:cut] for cut in range(0, len(right) - 1, 37)]
    damaged += [right.replace(b'"x"', bad) for bad in DAMAGED]
    damaged += [b"\xff\xfe" + right, right.decode().encode("utf-16"), b"\xef\xbb\xbf", b"a: b: c", b"--- 1\n--- 2"]
    for data in damaged:
        path = tmp_path / f"plan.{suffix}"
        path.write_bytes(data)
        lines = printed(validate_plan(path, registry=REGISTRY, settings=SETTINGS).errors)
        taken = suffix == "yaml" and data in (right.replace(b'"x"', one) for one in (b"1e", b"NaN"))
        assert len(lines) <= 4 if taken else 1 <= len(lines) <= 4, data[-60:]
