"""What a hand has made of a stored cursor fails its stage by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.domain.errors import DamagedData
from orchestrator.ledger.records import TurnRecord
from orchestrator.ledger.stored_forms import TASK_FORMS
from orchestrator.ledger.turn_record import turn_record
from tests.support.wrong_members import sound_object, wrong_objects
from workers.turn_run import cursor_of

FORM = TASK_FORMS["cursor"]


def record(cursor: str) -> TurnRecord:
    rest: list[Any] = ["", 0, "d", 0, "", 3]
    return turn_record(["acme", "RUNNING", 0, "one", cursor, "{}", "", 1, "i", *rest])


def test_a_sound_one_is_read() -> None:
    assert cursor_of(record("")).step == 0
    assert cursor_of(record('{"step":2,"later":1}')).as_json()["later"] == 1
    assert cursor_of(record(json.dumps(sound_object(FORM)))).attempt == 1


@pytest.mark.parametrize("text", ["garbage", "[]", "5", "null"])
def test_one_that_is_no_object_is_named(text: str) -> None:
    with pytest.raises(DamagedData, match=r"the stored cursor of tenant acme is .* expected a JSON object: a hand"):
        cursor_of(record(text))


def test_a_wrong_member_is_named() -> None:
    for member, value in wrong_objects(FORM):
        with pytest.raises(DamagedData, match=rf"the stored cursor of tenant acme has {member} .*, expected "):
            cursor_of(record(json.dumps(value)))
