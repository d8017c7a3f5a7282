"""Whatever asks for something passes one gate first: every call of the client, and every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.order_gate import check_order
from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.operations import Order
from tests.support.closed_door import GIVEN, LONG, UNSEEN, client_at_a_closed_door
from tests.support.command_lines import commands, refused
from tests.support.plans import noop_stage, plan, tenant

WRONG = {
    "reason": [LONG, "half \ud800", "a\x1b[2J", "a\rb"],
    "actor": [
        *(LONG, "system", "policy", "gate", "System", "policy: x", " "),
        *(
            "\uff33\uff39\uff33\uff34\uff25\uff2d",
            "policy\uff1a x",
            "\u0455yst\u0435m",
            "SYSTE\u041c",
            "po1icy",
            "sys\u200btem",
            "a\x1b[2J",
            "a\nb",
            "\u202eada",
            "ada\ud800",
            "",
            "POLICY",
        ),
    ],
    "request_id": ["r" * 201, "", "r/", " ", "r\udc80", "r\u200b", "r\n"],
    "override_freeze": [LONG, " ", "why\ud800", "\u202ewhy"],
    "tenants": UNSEEN,
    "cause": UNSEEN,
    "wave": UNSEEN,
}
ORDER: Any = Order
ASKS = {"reason", "actor", "request_id", "order"}


def calls() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], set[str]]]:
    client = client_at_a_closed_door()
    for name, method in inspect.getmembers(client, inspect.ismethod):
        # Of an audit the actor is what is looked for.
        if name.startswith(("_", "audit")) or not ASKS & (parameters := inspect.signature(method).parameters).keys():
            continue
        given = {
            one.name: GIVEN[one.name]
            for one in parameters.values()
            if one.default is one.empty and one.kind is not one.VAR_KEYWORD and one.name != "order"
        }
        if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            given["plan_id"] = "p"
        if name == "freeze":
            given |= {"tenants": "eu-*", "for_seconds": 1}
        yield name, method, given, set(parameters)


def test_no_call_of_the_client_goes_on_with_what_has_no_bound_or_is_our_own_name() -> None:
    tried = 0
    for name, method, given, parameters in calls():
        names = {"actor", "reason", "request_id", "override_freeze"} if "order" in parameters else parameters
        for field in WRONG.keys() & names:
            for value in WRONG[field]:
                orders = {"order": ORDER(**{"actor": "ada", field: value})} if "order" in parameters else {field: value}
                with pytest.raises(InvalidInput) as told:
                    method(**given | orders)
                assert [one.path for one in told.value.problems] == [field], (name, field, value[:20])
                tried += 1
    assert tried > 100


def test_a_reason_has_lines_and_pictures_and_an_actor_any_letters() -> None:
    check_order(Order("J\u00fcrgen \u0416 \u4f60", "one\ntwo\r\n\tthree \u26a0\ufe0f"))


def test_a_narrowing_has_bounds_too() -> None:
    client = client_at_a_closed_door()
    for field in ("stage", "cause", "tenants"):
        given: dict[str, Any] = {field: LONG}
        with pytest.raises(InvalidInput, match=f"{field}: at most 1000 characters"):
            client.retry_some("p", Narrowing(**given), Order("ada"))


def test_no_name_or_pattern_that_says_for_whom_is_empty_or_unseen() -> None:
    client = client_at_a_closed_door()
    calls: dict[str, Callable[[str], object]] = {
        "stage": lambda text: client.retry_some("p", Narrowing(stage=text), Order("ada")),
        "cause": lambda text: client.retry_some("p", Narrowing(cause=text), Order("ada")),
        "tenants": lambda text: list(client.drift(tenants=text)),
        "plan_id": lambda text: list(client.drift(plan_id=text)),
        "label": lambda text: client.freeze(label=text, for_seconds=1, reason="r"),
        "every": lambda text: client.freeze(tenants="a", every=text, reason="r"),
        "tenant": client.freezes,
        "freeze": lambda text: client.unfreeze(text, reason="r"),
    }
    for name, call in calls.items():
        for text in UNSEEN:
            with pytest.raises(InvalidInput) as told:
                call(text)
            assert [one.path for one in told.value.problems] == [name], (name, text[:20])
    for field in ("actor", "tenant", "plan"):
        for odd in (*UNSEEN, 5):
            looked_for: Any = {field: odd}
            with pytest.raises(InvalidInput) as told:
                list(client.audit(**looked_for))
            assert [one.path for one in told.value.problems] == [field], (field, odd)
    for field in ("wave", "cause", "tenants"):
        wanted: Any = {field: ""}
        with pytest.raises(InvalidInput, match="not nothing"):
            client.status("p", **wanted)


def test_a_narrowing_says_all_that_is_wrong_and_never_the_same_for_two() -> None:
    with pytest.raises(InvalidInput) as told:
        Narrowing("a", "b", "", cancelled=True).check()
    assert [one.path for one in told.value.problems] == ["tenants", "stage", "cause"]
    assert str(Narrowing("a", "b")) == "stage a cause b" != str(Narrowing("a cause b"))
    assert str(Narrowing('"a cause b"')) != str(Narrowing("a cause b"))


def test_all_that_is_wrong_with_a_call_is_told_at_once() -> None:
    client: Any = client_at_a_closed_door()
    who: Any = {"actor": "system", "request_id": "r/"}
    asked = ["reason", "actor", "request_id"]
    calls: dict[str, tuple[Callable[[], object], list[str]]] = {
        "pause": (lambda: client.pause(plan_id="p", task_id="p.0", **who), ["", *asked[1:]]),
        "resume": (lambda: client.resume(**who), ["", *asked[1:]]),
        "cancel": (lambda: client.cancel(plan_id=" ", **who), ["plan_id", *asked[1:]]),
        "retry": (lambda: client.retry(**who, override_freeze=" "), ["", *asked[1:], "override_freeze"]),
        "over nothing": (lambda: client.retry(**who, override_freeze=""), ["", *asked[1:], "override_freeze"]),
        "rollback": (lambda: client.rollback(**who), ["", *asked[1:]]),
        "accept": (lambda: client.accept(task_id="p.0", cause="", reason=" ", **who), ["cause", *asked]),
        "narrowed": (lambda: client.accept(task_id="", cause="A", reason=" ", **who), ["cause", "task_id", *asked]),
        "skip_stage": (lambda: client.skip_stage("", reason="", **who), ["task_id", *asked]),
        "exclude": (lambda: client.exclude("", " ", reason="", **who), ["plan_id", "tenants", *asked]),
        "unfreeze": (lambda: client.unfreeze("", reason="", **who), ["freeze", *asked]),
        "release": (lambda: client.release_tenant("t", reason="", **who), asked),
        "override": (lambda: client.override_freeze("p", reason="", **who), asked),
        "freeze": (
            lambda: client.freeze(
                label="x",
                all_tenants=True,
                since=datetime(2027, 1, 1),
                for_seconds=-1,
                until=datetime(2027, 1, 1, tzinfo=UTC),
                every="now and then",
                reason="",
                **who,
            ),
            ["", "label", "until", "for_seconds", "since", "every", *asked],
        ),
        "times": (
            lambda: client.freeze(label="x", since=5, until="x", reason=""),
            ["label", "since", "until", "reason"],
        ),
        "kinds": (
            lambda: client.freeze(
                tenants=5,
                label=b"x",
                all_tenants=1,
                rollbacks_too="no",
                since="x",
                for_seconds="1",
                every="z",
                reason=5,
            ),
            ["", "tenants", "label", "all_tenants", "rollbacks_too", "since", "for_seconds", "every", "reason"],
        ),
    }
    for name, (call, wanted) in calls.items():
        with pytest.raises(InvalidInput) as told:
            call()
        assert sorted(one.path for one in told.value.problems) == sorted(wanted), name


def test_what_ended_before_a_time_is_purged_only_before_a_time_that_has_passed() -> None:
    client = client_at_a_closed_door()
    now = datetime.now(UTC)
    given: list[Any] = [
        now + timedelta(days=1),
        now.replace(tzinfo=None),
        "2026-01-01",
        datetime.max.replace(tzinfo=UTC),
    ]
    for call in (client.purge_ended, client.ended_before):
        for moment in given:
            with pytest.raises(InvalidInput, match=r"(before|moment): expected a time"):
                call(moment)
        with pytest.raises(AssertionError, match="through the door"):
            call(now)


def test_what_is_of_another_kind_is_told_by_name() -> None:
    client: Any = client_at_a_closed_door()
    calls: dict[str, Callable[[], object]] = {
        "plan_id": lambda: client.pause(plan_id=5),
        "task_id": lambda: client.explain(task_id="p\ud800"),
        "tenant_id": lambda: client.retry(tenant_id=""),
        "actor": lambda: client.pause(plan_id="p", actor=5),
        "reason": lambda: client.pause(plan_id="p", reason=None),
        "request_id": lambda: client.pause(plan_id="p", request_id=b"x"),
        "tenants": lambda: client.freeze(tenants=5, for_seconds=1, reason="r"),
        "for_seconds": lambda: client.freeze(tenants="a", for_seconds=True, reason="r"),
        "until": lambda: client.freeze(tenants="a", until="2027-01-01", reason="r"),
        "freeze_id": lambda: client.unfreeze(5, reason="r"),
    }
    for name, call in calls.items():
        with pytest.raises(InvalidInput) as told:
            call()
        assert [one.path for one in told.value.problems] == [name], name


def test_no_command_takes_an_empty_name_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    for line in (
        "events|",
        "events|--tenant|",
        "purge|",
        "export|",
        "audit|--plan|",
        "status|--tenant|",
        "explain|--task|",
    ):
        assert len(refused(line.split("|"))) == 1, line


NEEDED = {
    "freeze": ["--all", "--for", "1h"],
    "create": ["--name", "n", "--role", "viewer"],
    "accept": ["--plan", "p"],
    "purge": ["--plan", "p"],
    **{word: ["--plan", "p"] for word in ("pause", "resume", "cancel", "retry", "rollback", "approve", "reject")},
    "exclude": ["--plan", "p", "--tenant", "t"],
    "webhooks": ["enable", "n"],
    "skip-stage": ["--task", "p.0"],
    "release": ["--tenant", "t"],
}


def test_no_command_goes_on_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens there: who asks the server first ends with exit code 4.
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(plan("p", [tenant("t")], [noop_stage("one")])))
    wrong = {"--reason": LONG, "--actor": "system", "--request-id": "r" * 201, "--override-freeze": " "}
    tried = set()
    for path, command in commands():
        asked = wrong.keys() & {option for one in command.params for option in one.opts}
        # An audit looks for an actor.
        if not asked or path == ("audit",):
            continue
        needed = [
            str(file) if one.name == "plan" else "n"
            for one in command.params
            if one.param_type_name == "argument" and one.required
        ]
        given = [text for option in sorted(asked) for text in (option, wrong[option])]
        named = {"--" + one.path.replace("_", "-") for one in refused([*path, *NEEDED.get(path[-1], needed), *given])}
        assert named == asked, path
        tried.add(path[-1])
    assert len(tried) >= 18, tried
