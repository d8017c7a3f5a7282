"""What a step or a middleware answers is recorded as the contract says, or as a failure that says what it was."""

from __future__ import annotations

from typing import Any

import pytest

from checkpoint import SIZE_LIMIT
from orchestrator.secrets.known import KnownSecrets
from steps import Done, Failed, Outcome, PollAgain
from steps.told import MOST_SAID
from tests.support.counted_calls import counted_calls
from workers.answered import CURSOR_LIMIT, failure_of, recordable

SECRET = "plantedsecret9431"
WORD = "expected a CamelCase word of at most 100 letters and digits"


DEEP: list[Any] = []
for _ in range(10_000):
    DEEP = [DEEP]


TOO_DEEP = "the step answered values that cannot be kept: nested more than 200 levels deep"
WORKS = "that can be worked with"


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))


def answered(outcome: Any) -> Outcome:
    return recordable(outcome, "the step", "StepError")


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (Failed("Broken2", f"no {SECRET}"), Failed("Broken2", "no ***")),
        (Failed(f"Kind{SECRET}", "no"), "the step answered Failed of the type 'Kind***', WORD: no"),
        (Failed("broken", "no"), "the step answered Failed of the type 'broken', WORD: no"),
        (Failed("Broken\n", "no"), "the step answered Failed of the type 'Broken\\n', WORD: no"),
        (Failed("B" * 100, "no"), Failed("B" * 100, "no")),
        (Failed("B" * 101, "no"), f"the step answered Failed of the type '{'B' * 101}', WORD: no"),
        (Failed(object(), "no"), "the step answered Failed of the type a object, WORD: no"),  # type: ignore[arg-type]
        (Failed("Broken", {"a": SECRET}), Failed("Broken", "(a dict for a message, expected text)")),  # type: ignore[arg-type]
        (PollAgain(1, f"n {SECRET}", {"a": SECRET}), PollAgain(1, "n ***", {"a": "***"})),
        (PollAgain(1, {"a": SECRET}), "the step answered PollAgain with a dict for a note, expected text"),  # type: ignore[arg-type]
        (PollAgain(float("nan")), "the step answered PollAgain with nan for after_seconds, expected a number"),
        (PollAgain("1"), "the step answered PollAgain with '1' for after_seconds, expected a number"),  # type: ignore[arg-type]
        (PollAgain(True), "the step answered PollAgain with a bool for after_seconds, expected a number"),
        (PollAgain(SECRET), "the step answered PollAgain with '***' for after_seconds, expected a number"),  # type: ignore[arg-type]
        (Done({"a": SECRET}), Done({"a": "***"})),
        (Done({"a": object()}), "the step answered values that cannot be kept: JSON cannot hold it"),  # type: ignore[dict-item]
        (Done({"a": float("nan")}), "the step answered values that cannot be kept: JSON cannot hold it"),
        (Done({"a": DEEP}), TOO_DEEP),
        (PollAgain(1, "n", {"a": object()}), "the step answered values that cannot be kept: JSON cannot hold it"),  # type: ignore[dict-item]
        (Done({"a": 10**300}), f"the step answered values that cannot be kept: '1{'0' * 49}…' is no number {WORKS}"),
        (Done({"a": 10**299}), Done({"a": 10**299})),
        (
            PollAgain(1, "n", {"a": nested(250)}),
            TOO_DEEP,
        ),
        (Done({"a": nested(197)}), TOO_DEEP),
        (Done({"a": nested(196)}), Done({"a": nested(196)})),
        (None, "the step answered a NoneType, not Done, PollAgain or Failed"),
    ],
)
def test_it_is_of_its_types_and_masked(given: Any, recorded: Outcome | str) -> None:
    expected = Failed("StepError", recorded.replace("WORD", WORD)) if isinstance(recorded, str) else recorded
    assert answered(given) == expected


@pytest.mark.parametrize("kind", ["Broken", "broken"])
@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        ({"a": SECRET}, {"a": "***"}),
        ([SECRET], None),
        ({"a": object()}, None),
        ({"a": 10**400}, None),
        ({"a": "x" * CURSOR_LIMIT}, None),
        ([("a", 1)], None),
    ],
)
def test_what_was_seen_is_kept_unless_it_cannot_be(kind: str, seen: Any, kept: dict[str, str] | None) -> None:
    found = answered(Failed(kind, "no", seen))
    assert isinstance(found, Failed)
    assert (found.state == kept) is True


def test_an_error_without_words_is_told_by_its_type() -> None:
    assert failure_of(Mute(), "", "StepError").message == "Mute, which cannot say what it is"


def test_an_error_is_told_masked_behind_who_raised_it() -> None:
    found = failure_of(ValueError(f"no {SECRET}"), "ours: ", "StepError")
    assert found == Failed("StepError", "ours: ValueError: no ***")


TOO_LARGE = Failed(
    "CheckpointTooLarge",
    "the step answered values of more bytes than that: 262144 are allowed (checkpoint.size_limit_bytes); "
    "let steps return less, or raise the limit",
)
STATE_TOO_LARGE = Failed("StateTooLarge", "the step keeps more than 262144 bytes between polls")


def doubled(times: int) -> list[Any]:
    """Small to hold, and of twice as many parts with each level."""
    value: list[Any] = [SECRET]
    for _ in range(times):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (Done({"a": "x" * SIZE_LIMIT}), TOO_LARGE),
        (Done({"a": "x" * (SIZE_LIMIT - 100)}), None),
        (Done({"a": doubled(20)}), TOO_LARGE),
        (PollAgain(1, "", {"a": "x" * CURSOR_LIMIT}), STATE_TOO_LARGE),
        (PollAgain(1, "", {"a": "x" * (CURSOR_LIMIT - 100)}), None),
        (PollAgain(1, "", {"a": doubled(20)}), STATE_TOO_LARGE),
        (PollAgain(1, "n" * 1_000_000), PollAgain(1, "n" * MOST_SAID + "…")),
        (Failed("Broken", "n" * 1_000_000), Failed("Broken", "n" * MOST_SAID + "…")),
    ],
)
def test_it_is_in_bounds(given: Outcome, recorded: Outcome | None) -> None:
    # Not by ==, which would write out all of it.
    assert (answered(given) == (recorded or given)) is True


def test_the_bound_of_a_checkpoint_is_the_settings() -> None:
    found = recordable(Done({"a": "x" * 2000}), "the step", "StepError", 2000)
    assert isinstance(found, Failed)
    assert "2000 are allowed" in found.message


def test_what_is_too_large_is_not_looked_through_for_secrets() -> None:
    def calls(count: int) -> int:
        with counted_calls() as counted:
            assert answered(Done({"a": [SECRET] * count})) == TOO_LARGE
        return counted.total()

    assert calls(200_000) - calls(100_000) < 100


def test_what_is_recorded_is_what_was_measured() -> None:
    class Growing(dict[str, Any]):
        looks = 0

        def items(self) -> Any:
            self.looks += 1
            return {"a": "x" * (1 if self.looks == 1 else SIZE_LIMIT)}.items()

    found = answered(Done(Growing(a=1)))
    assert isinstance(found, Done)
    assert type(found.outputs) is dict
    assert found == Done({"a": "x"})
