"""Who paused, and who gave up: from its own place; in older records from the last operation alone."""

from __future__ import annotations

import json

import pytest

from orchestrator.control.asked import asked_for, paused_by, paused_words


def told(operation: str, actor: str = "ada", reason: str = "lunch", **more: object) -> str:
    return json.dumps({"operation": operation, "actor": actor, "reason": reason, "at": 1795938048433, **more})


LATER = {"lastOperation": told("retry", "bob", "mended"), "status": "PAUSED"}


@pytest.mark.parametrize(
    ("pause", "kind", "words"),
    [
        (told("pause", options={}), "person", " by ada (lunch)"),
        (told("pause", reason="", options={}), "person", " by ada"),
        (told("pause", "policy", "the breaker tripped"), "breaker", " by policy (the breaker tripped)"),
        (told("pause", options={"gate": "canary"}), "gate", ": the gate of wave canary is rejected by ada (lunch)"),
    ],
)
def test_a_pause_is_known_after_another_operation(pause: str, kind: str, words: str) -> None:
    found = paused_by({**LATER, "pausedFor": pause})
    assert found is not None
    assert (found.kind, found.at) == (kind, "2026-11-29T07:40:48.433Z")
    assert paused_words(found) == words


def test_an_older_record_knows_it_from_the_last_operation() -> None:
    found = paused_by({"status": "RUNNING", "pauseRequested": "1", "lastOperation": told("pause")})
    assert found is not None
    assert (found.kind, found.actor, found.reason) == ("person", "ada", "lunch")
    assert paused_by(LATER) is None
    assert paused_words(None) == ""


def test_what_goes_on_is_paused_by_nobody() -> None:
    assert paused_by({"status": "RUNNING", "pausedFor": told("pause")}) is None


def test_an_exclude_gives_up_as_a_cancel_does() -> None:
    record = {**LATER, "cancelledFor": told("exclude", "eve", "not today")}
    found = asked_for(record, "cancel")
    assert found is not None
    assert (found.actor, found.by) == ("eve", " by eve (not today)")
    assert asked_for(record, "rollback") is None
