"""The checker against what instances recorded: effects that came too often, too late or not at all."""

from __future__ import annotations

from orchestrator.history import check_history
from tests.unit.orchestrator.history.told import effect, ledger, right, task, tell

ALL_EFFECTS = [effect(position, stage) for position in range(3) for stage in range(2)]


def test_effects_once_each_hold() -> None:
    report = check_history(tell(right()), ledger(right()), effects=ALL_EFFECTS, effect_stages=[0, 1])
    assert report.holds, str(report)


def test_an_effect_twice_without_a_recovery_is_rejected() -> None:
    report = check_history(tell(right()), ledger(right()), effects=[*ALL_EFFECTS, effect(0, 1)], effect_stages=[0, 1])
    assert [str(violation) for violation in report.of("I4")] == [
        "I4: effect p.0/1/RUNNING/1/0 arrived 2 times, with 0 recoveries"
    ]


def test_a_recovery_explains_one_more_effect() -> None:
    lines = [*right()[:8], task(0, "TaskRecovered"), *right()[8:]]
    report = check_history(tell(lines), ledger(lines), effects=[*ALL_EFFECTS, effect(0, 0)], effect_stages=[0, 1])
    assert report.holds, str(report)


def test_a_recorded_stage_without_its_effect_is_rejected() -> None:
    report = check_history(tell(right()), ledger(right()), effects=ALL_EFFECTS[1:], effect_stages=[0, 1])
    assert report.of("I12")


def test_an_old_epoch_that_writes_late_is_rejected() -> None:
    late = [effect(0, 0, epoch=5), effect(0, 1, epoch=4)]
    assert check_history(tell(right()), ledger(right()), effects=late).of("I8")
