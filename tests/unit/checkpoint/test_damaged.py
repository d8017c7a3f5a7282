"""What a hand has made of a kept checkpoint is told, whatever it is."""

from __future__ import annotations

import json

import pytest

from checkpoint import Checkpoint, CheckpointDamaged, CheckpointTooNew

WHOLE = json.loads(Checkpoint("p.1", 1, 1, "RUNNING", 1, "say", {}).to_json())


@pytest.mark.parametrize(
    "text",
    ["", "{no json", "[1]", "null", '"x"', "[" * 100_000, '{"epoch": 1}', '{"format": "x"}', '{"format": null}']
    + [json.dumps({**WHOLE, name: None}) for name in WHOLE]
    + [json.dumps({key: value for key, value in WHOLE.items() if key != name}) for name in WHOLE if name != "outputs"],
)
def test_each_damage(text: str) -> None:
    with pytest.raises(CheckpointDamaged, match="expected"):
        Checkpoint.from_json(text)


def test_what_is_whole_or_newer_is_not_damaged() -> None:
    assert Checkpoint.from_json(json.dumps({**WHOLE, "new": 1})).last_stage == "say"
    with pytest.raises(CheckpointTooNew):
        Checkpoint.from_json('{"format": 99}')
