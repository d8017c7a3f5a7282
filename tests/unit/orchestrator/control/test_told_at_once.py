"""Every call of the client tells each argument that is wrong, not the first; and every command each option."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.control.audit_answers import AuditFilter
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.page_answers import ValidationResult
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.operations import Operation, Order
from tests.support.closed_door import client_at_a_closed_door
from tests.support.command_lines import commands, refused

WRONG: dict[str, tuple[Any, tuple[str, ...]]] = {
    **{name: ("", (name,)) for name in ("plan_id", "task_id", "tenant_id", "identifier", "event_id", "against_plan")},
    **{name: (" ", (name,)) for name in ("name", "tenants", "cause", "wave", "pattern", "label", "every")},
    **{name: (-1, (name,)) for name in ("since", "first", "seen")},
    "freeze_id": ("", ("freeze",)),
    "limit": (-1, ("limit",)),
    "count": (0, ("count",)),
    "cursor": ("x", ("cursor",)),
    "statuses": (["DONE"], ("status",)),
    "before": (datetime(2999, 1, 1, tzinfo=UTC), ("before",)),
    "ids": (["a", ""], ("ids",)),
    "role": ("king", ("role",)),
    "expires_seconds": (0, ("expires",)),
    "secret": ("x", ("secret",)),
    "preview": ("x", ("preview",)),
    "reason": (" \x1b", ("reason",)),
    "actor": ("system", ("actor",)),
    "request_id": ("r/", ("request_id",)),
    "override_freeze": (" ", ("override_freeze",)),
    "narrowing": (Narrowing(stage="", cause=" "), ("stage", "cause")),
    "order": (Order("system", request_id="r/"), ("actor", "request_id")),
    "target": (OperationTarget("task", ""), ("task_id",)),
    "wanted": (AuditFilter("", "", ""), ("actor", "tenant", "plan")),
}
UNSAID = {"cursor", "secret", "preview", "role", "every"}
"""Texts with rules of their own."""
GIVEN: dict[str, Any] = {"plan": {}, "operation": Operation.PAUSE}
ELSEWHERE = {"freeze", "audit", "through"}
"""What of a freeze may be given together is a matter of its own; an audit's ``since`` is a time; who goes through a
console has no client yet."""


def called(method: Any) -> tuple[dict[str, Any], list[str]]:
    """Of a call each argument that can be wrong, and the paths under which that is to be told."""
    given, paths = {}, list[str]()
    for one in inspect.signature(method).parameters.values():
        if one.kind is one.VAR_KEYWORD:
            continue
        if one.name in WRONG:
            given[one.name], told = WRONG[one.name]
            paths += told
        elif one.default is one.empty:
            given[one.name] = GIVEN[one.name]
    return given, paths


def to_its_end(answer: object) -> None:
    if inspect.isgenerator(answer):
        list(answer)


def test_every_call_of_the_client_tells_all_that_is_wrong_with_it() -> None:
    client = client_at_a_closed_door()
    tried = 0
    for name, method in [(n, m) for n, m in inspect.getmembers(client, inspect.ismethod) if not n.startswith("_")]:
        given, paths = ({}, []) if name in ELSEWHERE else called(method)
        if len(paths) < 2:
            continue
        if any(one.kind is one.VAR_KEYWORD for one in inspect.signature(method).parameters.values()):
            asked = "statuses" if name in ("status", "tasks", "task_page") else "plan_id"
            given[asked], told = WRONG[asked]
            paths += told
        if name == "purge_ended":
            given["seen"] = {"p": -1}
        with pytest.raises(InvalidInput) as refused:
            to_its_end(method(**given))
        found = [one.path.replace("tenant_id", "tenant") for one in refused.value.problems]
        assert sorted(found) == sorted(one.replace("tenant_id", "tenant") for one in paths), name
        tried += 1
    assert tried > 30, tried


def test_what_is_of_another_kind_is_told_with_what_is_wrong_else() -> None:
    client: Any = client_at_a_closed_door()
    with pytest.raises(InvalidInput) as told:
        client.pause(plan_id="", reason=5, actor="system", request_id="r/")
    assert [one.path for one in told.value.problems] == ["reason", "plan_id", "actor", "request_id"]


OF_ANOTHER_KIND = ("since", "first", "limit", "timeout_seconds", "role", "ids", "from_scratch", "force")


def test_an_argument_of_another_kind_hides_no_text_beside_it() -> None:
    client = client_at_a_closed_door()
    tried = 0
    for name, method in [(n, m) for n, m in inspect.getmembers(client, inspect.ismethod) if not n.startswith("_")]:
        known = inspect.signature(method).parameters
        odd = next((one for one in OF_ANOTHER_KIND if one in known), None)
        texts = {one: STEERING for one in known if isinstance(WRONG.get(one, (0, ()))[0], str) and one not in UNSAID}
        texts |= {one: STEERING for one in ("plan", "tenant") if name == "audit"}
        if odd is None or not texts or name == "freeze":
            continue
        with pytest.raises(InvalidInput) as refused:
            to_its_end(method(**{**texts, odd: object()}))
        assert {one.path for one in refused.value.problems} == {odd, *texts}, name
        tried += 1
    assert tried > 10, tried
    # An audit's actor is one to be looked for.
    with pytest.raises(InvalidInput, match=r"^since: [^\n]*$"):
        list(client.audit(actor="system", since="now"))  # type: ignore[arg-type]


def test_a_plan_s_mistakes_are_told_with_those_of_its_submit(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = client_at_a_closed_door()
    wrong = ValidationResult(valid=False, errors=(Problem("tenants", None, "expected some"),))
    monkeypatch.setattr(type(client._door.submits), "check", lambda *_, **__: (wrong, iter(())))
    for call in (
        lambda: client.submit({}, actor="system"),
        lambda: list(client.preview({}, against_plan="")),
    ):
        with pytest.raises(InvalidInput) as told:
            call()
        assert [one.path for one in told.value.problems][1:] == ["tenants"]


LINES = {
    "pause --actor system": ["", "actor"],
    "resume p --plan q --request-id r/": ["", "request_id"],
    "cancel p --actor system": ["actor"],
    "retry --task p.0 --override-freeze  --actor system": ["override_freeze", "actor"],
    "retry --plan p --stage  --cause  --cancelled --actor system": ["stage", "cause", "actor"],
    "retry --plan p --tenant  --cancelled --cause X --actor system": ["--tenant", "cause", "actor"],
    "exclude --plan  --tenant  --reason  --actor system": ["--plan", "--tenant", "reason", "actor"],
    "freeze --tenant  --until x --for x --every x": ["--tenant", "--until", "--for", "--every", "reason"],
    "freeze --from x --reason x": ["", "--from", "--until"],
    "rollback --tenant  --actor system": ["tenant_id", "actor"],
    "approve --wave  --actor system": ["--plan", "wave", "actor"],
    "release --reason  --actor system": ["--tenant", "reason", "actor"],
    "skip-stage --reason  --actor system": ["--task", "reason", "actor"],
    "purge --ended-before soon --force --actor system": ["--force", "--ended-before", "actor"],
    "purge --actor system": ["", "actor"],
    "token create --name ! --role king --expires soon --actor system": ["--expires", "name", "role", "actor"],
    "token link  --actor system": ["name", "actor"],
    "webhooks mend n --actor system": ["ACTION", "actor"],
    "status --plan p --task t --status DONE --cause ": ["status", "cause", ""],
    "purge --plan  --export x/ --actor system": ["plan_id", "--export", "actor"],
    "events --type Nothing --plan  --tenant ": ["--type", "tenant", "plan_id"],
}


@pytest.mark.parametrize("line", LINES)
def test_every_command_tells_all_that_is_wrong_with_its_line(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens there.
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    assert sorted(one.path for one in refused(line.split(" "))) == sorted(LINES[line])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("retry --cancelled --task p.0", "--cancelled narrows the retry of a whole plan: give --plan"),
        ("retry --stage s --cause X --tenant t", "--stage and --cause narrow the retry of a whole plan: give --plan"),
        ("freeze --reason x --for 2h", "give exactly one of `--tenant`, `--label` and `--all`"),
        (
            "freeze --reason x --all",
            "missing; a freeze has an end (`--until`, `--for`), or times that recur (`--every`)",
        ),
    ],
)
def test_a_line_is_told_of_by_its_options(line: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    assert [one.message for one in refused(line.split(" "))] == [told]


STEERING = "\x1b["
NUMBERS = dict.fromkeys(("--limit", "--page", "--since"), "-1")
WORSE = NUMBERS | {"--request-id": "r/", "--expires": "x", "--ended-before": "x", "--export": "x/"}
"""What is wrong as the value of these options; of all others ``STEERING`` is."""

TARGETS = ("", "--plan", "--tenant", "--task")
"""Most commands take one of these that they have; the first is the plain argument."""
TAKEN: dict[str, list[tuple[str, ...]]] = {
    "exclude": [("--plan", "--tenant")],
    "events": [("--plan", "--tenant")],
    "audit": [("--plan", "--tenant")],
    "drift": [("--plan", "--tenant")],
    "status": [("",), ("--plan", "--tenant"), ("--task",)],
    # These four are one function.
    **{word: [("",), ("--task",)] for word in ("resume", "cancel", "rollback")},
}
APART = {"purge": {"--ended-before"}, "link": {"--url"}}
"""What stands for a target; what is no text of ours."""
OF_OTHER_THINGS = {
    *("validate", "submit", "preview", "up", "coordinator", "worker", "flower", "console", "config", "doctor"),
    *("freeze", "webhooks", "schema", "completion", "checkpoint"),
}
"""Files, places, times, words of a list."""
NAMES = {"-o": "output", "tenants": "tenant", "identifier": "target", "request_id": "request-id"}


def wrong_lines(word: str, command: Any) -> Iterator[tuple[list[str], set[str]]]:
    """Of a command, for each target that it takes, a line in which all is wrong, and the names of what it holds."""
    arguments = [one.name for one in command.params if one.param_type_name == "argument"]
    options = {one.opts[0] for one in command.params if one.param_type_name == "option" and not one.is_flag}
    found: list[tuple[str, ...]] = [(one,) for one in TARGETS if one in options or (arguments and not one)]
    for targets in TAKEN.get(word, found) or [()]:
        given = [*(options - {*TARGETS, *APART.get(word, ())}), *filter(None, targets)]
        names = {one.removeprefix("--") for one in given} | ({name_of(arguments[0])} if "" in targets else set())
        line = [part for option in given for part in (option, WORSE.get(option, STEERING))]
        yield ([*line, STEERING] if "" in targets else line), names


def name_of(path: str) -> str:
    name = path.removeprefix("--")
    return NAMES.get(name, name.removesuffix("_id")).replace("_", "-")


def test_every_command_tells_what_it_is_for_with_each_of_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    tried = 0
    for path, command in commands():
        for line, names in [] if path[0] in OF_OTHER_THINGS else wrong_lines(path[-1], command):
            if len(names) > 1:
                found = {name_of(one.path) for one in refused([*path, *line]) if one.path}
                assert found == names, (path, line)
                tried += 1
    assert tried > 25, tried
