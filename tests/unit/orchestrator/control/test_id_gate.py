"""Whatever is asked for by an id passes one gate first: nobody is asked by what can be none."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, cast

import pytest
import redis

import orchestrator
from orchestrator.control.absent import absent
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import InvalidInput
from orchestrator.facade import DeploymentTaskFacade
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.operations import Order
from orchestrator.ledger.reader import Reader
from tests.support.closed_door import GIVEN, UNSEEN, client_at_a_closed_door

IDS = {"plan_id", "task_id", "tenant_id", "identifier", "against_plan", "name", "freeze_id", "target"}
NO_IDS = (*UNSEEN, 0, 1.5, b"p.0", ["p.0"], "\x00", None)


def to_its_end(answer: object) -> None:
    if inspect.isgenerator(answer):
        list(answer)


def test_no_call_of_the_client_asks_anybody_by_what_can_be_no_id() -> None:
    client = client_at_a_closed_door()
    tried = set()
    for name, method in inspect.getmembers(client, inspect.ismethod):
        # What is to be named has rules of its own.
        if name.startswith("_") or name == "create_token":
            continue
        parameters = inspect.signature(method).parameters
        needed: dict[str, Any] = {
            one.name: GIVEN.get(one.name, "x")
            for one in parameters.values()
            if one.default is one.empty and one.kind is not one.VAR_KEYWORD and one.name != "order"
        }
        if "order" in parameters:
            needed["order"] = Order("ada")
        for field in IDS & {one.name for one in parameters.values() if one.kind is not one.VAR_KEYWORD}:
            for value in NO_IDS:
                if value is None and field not in needed:
                    continue
                odd = OperationTarget("task", cast(str, value)) if field == "target" else value
                with pytest.raises(InvalidInput) as told:
                    to_its_end(method(**needed | {field: odd}))
                path = {"target": "task_id", "freeze_id": "freeze"}.get(field, field)
                assert [one.path for one in told.value.problems] in (
                    [path],
                    [path.removesuffix("_id")],
                    ["identifier" if field == "target" else field],
                    [""] * (value is None),
                ), (name, field)
                tried.add(name)
    assert len(tried) > 30


def test_what_is_not_there_is_quoted_in_bounds() -> None:
    # Nobody is asked: there is no server.
    reader = Reader(redis.Redis(port=1), Keys("n"))
    assert str(absent(reader, "tenant", "a" * 1000)) == f"no tenant '{'a' * 199}… in namespace 'n'"
    facade: Any = DeploymentTaskFacade(client_at_a_closed_door())
    for odd in (b"p.0" * 500, ["p.0"], None, 1.5, "\ud800.0", "a" * 100_000):
        with pytest.raises(InvalidInput) as told:
            facade.query_task_status(odd)
        assert len(str(told.value)) < 420


def test_what_is_not_there_is_told_with_its_namespace() -> None:
    own = re.compile(r"NotFound\(\s*f?\"(there is )?no (plan|tenant|task)\b")
    assert own.search('raise NotFound(f"no plan {plan_id}")')
    told = [str(one) for one in Path(orchestrator.__file__).parent.rglob("*.py") if own.search(one.read_text())]
    # Behind the address of its tenant, on a page that names the namespace.
    assert [Path(one).name for one in told] == ["tenants.py"], "use control/absent.py"
    told_of = str(absent(Reader(redis.Redis(port=1), Keys("n")), "tenant like", "x"))
    assert told_of == "no tenant like 'x' in namespace 'n'"
