"""No call takes an argument of another kind than its signature names: it is told by name, and nobody is asked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.control.audit_answers import AuditFilter
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import InvalidInput
from orchestrator.facade import DeploymentTaskFacade
from orchestrator.ledger.operations import Operation, Order
from tests.support.closed_door import GIVEN, client_at_a_closed_door

UNLIKE: dict[str, list[Any]] = {
    "bool": [0, 1, "no", None, [], b"x"],
    "str": [0, True, None, [], b"x"],
    "str | None": [0, True, [], b"x", {}],
    "str | int": [None, True, 1.5, b"x", []],
    "str | int | None": [True, 1.5, b"x", []],
    "int": [True, "1", 1.5, None],
    "int | None": [True, "1", 1.5],
    "float": [True, "1", [], None],
    "float | None": [True, "1", [], b"1"],
    "datetime": [0, "2026-12-01", None, True],
    "datetime | timedelta": [0, "2026-12-01", None, True],
    "Mapping[str, int] | None": [5, "x", [], True],
    "datetime | None": [0, "2026-12-01", True],
    "Path | None": ["x", 5, True],
    "Collection[str]": ["n", 5, [5], None],
    "Collection[str] | None": ["RUNNING", b"x", 5, [5]],
    "str | Path | Mapping[str, Any] | PlanSpec": [5, None, True, [], b"x"],
    "Callable[[int], None]": [5, None],
    "Aside": [5, None],
    "Callable[[str, int], None]": [5, None],
    "Settings | None": [5, "redis://h", {}],
    "Operation": ["pause", None, 5],
    "OperationTarget": ["p", None],
    "Order": ["ada", None],
    "Narrowing": ["eu-*", None, {}],
    "AuditFilter": ["ada", None, {}],
}
"""What is none of each."""
PARTS: dict[str, list[tuple[str, Any]]] = {
    "Order": [
        ("force", Order("ada", force="no")),  # type: ignore[arg-type]
        ("from_scratch", Order("ada", from_scratch=1)),  # type: ignore[arg-type]
        ("accept_failures", Order("ada", accept_failures=None)),  # type: ignore[arg-type]
        ("reason", Order("ada", reason=5)),  # type: ignore[arg-type]
    ],
    "OperationTarget": [("type", OperationTarget("plane", "p"))],  # type: ignore[arg-type]
    "Narrowing": [("cancelled", Narrowing(cancelled=1))],  # type: ignore[arg-type]
    "AuditFilter": [("since", AuditFilter(since="x"))],  # type: ignore[arg-type]
}
"""Of the right kind, with a part that is not: the part, and the whole."""
MORE = {
    "from_checkpoint": True,
    "identifier": "x",
    "event_id": "e",
    "limit": 5,
    "wanted": AuditFilter(),
    "cursor": None,
    "order": Order("ada"),
    "url": "http://h",
    "token": "t",
}


def calls() -> Iterator[tuple[str, Any, dict[str, inspect.Parameter]]]:
    client = client_at_a_closed_door()
    methods: list[tuple[str, Any]] = [*inspect.getmembers(client, inspect.ismethod), ("Client", Client)]
    for name, method in methods:
        if not name.startswith("_"):
            yield name, method, dict(inspect.signature(method).parameters)


def needed_by(parameters: dict[str, inspect.Parameter]) -> dict[str, Any]:
    return {
        one.name: {**GIVEN, **MORE}[one.name]
        for one in parameters.values()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    }


def test_no_call_of_the_client_takes_another_kind() -> None:
    tried = 0
    for name, method, parameters in calls():
        for field, one in parameters.items():
            # Ids and what a page asks for have tests of their own.
            if one.kind is one.VAR_KEYWORD or field == "door":
                continue
            kind = str(one.annotation)
            odd = [(field, value) for value in UNLIKE[kind]]
            for path, value in (*odd, *PARTS.get(kind, ())):
                with pytest.raises(InvalidInput) as told:
                    method(**needed_by(parameters) | {field: value})
                assert path in [problem.path for problem in told.value.problems], (name, field, value)
                tried += 1
    assert tried > 500


def test_all_of_another_kind_are_told_at_once_and_no_secret_with_them() -> None:
    client: Any = client_at_a_closed_door()
    with pytest.raises(InvalidInput) as told:
        client.retry(plan_id=5, from_checkpoint="no", force=0, override_freeze=5, reason=b"x", actor=1)
    assert [str(one) for one in told.value.problems] == [
        "from_checkpoint: expected true or false (got 'no')",
        "force: expected true or false (got 0)",
        "override_freeze: expected text (got 5)",
        "reason: expected text (got 'a bytes')",
        "actor: expected text (got 1)",
        "plan_id: expected text (got 5)",
    ]
    with pytest.raises(InvalidInput) as told:
        client.create_token("n", "viewer", secret=b"f" * 64)
    assert str(told.value) == "secret: expected text"
    with pytest.raises(InvalidInput) as told:
        client.task_page("p", statuses="RUNNING", cause=5, limit="1")
    assert [one.path for one in told.value.problems] == ["limit", "statuses", "cause"]
    with pytest.raises(InvalidInput, match=r"^whole is for one plan's tasks; give its PLAN_ID\ntask_id: "):
        client.explain(whole=True, task_id="")
    odd: Any = 1
    with pytest.raises(InvalidInput) as told:
        client.retry_some("", Narrowing(stage="", cancelled=odd), Order("", force=odd, reason="\x1b"))
    assert [one.path for one in told.value.problems] == ["cancelled", "force", "plan_id", "stage", "reason", "actor"]


def test_the_facade_takes_none_either() -> None:
    facade: Any = DeploymentTaskFacade(client_at_a_closed_door())
    tried = 0
    for name, method in inspect.getmembers(facade, inspect.ismethod):
        parameters = dict(inspect.signature(method).parameters)
        for field, one in parameters.items():
            # What configs may be is told with their places, as a plan's mistakes are.
            if name.startswith("_") or one.kind is one.VAR_KEYWORD or field == "configs":
                continue
            for value in UNLIKE[str(one.annotation)]:
                # An id or a pattern may be a number, as the old executor's are.
                if field in ("tenants", "freeze_id") and isinstance(value, int) and not isinstance(value, bool):
                    continue
                given = {**needed_by(parameters), field: value}
                try:
                    result = method(**given)
                except InvalidInput as error:
                    told = str(error)
                else:
                    told = getattr(result, "message", "") + " ".join(getattr(result, "problems", ()))
                    assert not result.success, (name, field, value)
                assert f"\n{field}:" in f"\n{told}", (name, field, value)
                tried += 1
    assert tried > 100


def test_an_operation_is_one() -> None:
    client: Any = client_at_a_closed_door()
    with pytest.raises(AssertionError, match="through the door"):
        client.operate(Operation.PAUSE, OperationTarget("plan", "p"), Order("ada"))
