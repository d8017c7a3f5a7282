"""What is cut before it is masked keeps no beginning of a secret: each place that quotes what came from outside."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checkpoint import Checkpoint, StoreOptions, make_store
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.stored_json import read_stored
from orchestrator.files.json_text import parse_json
from orchestrator.files.yaml_text import read_yaml
from orchestrator.plans.plan_file import read_plan_file
from orchestrator.secrets.known import KnownSecrets
from orchestrator.validation import validate_plan
from steps.contract import HttpAnswer
from steps.expressions.budget import Budget
from steps.expressions.sandbox import Sandbox
from steps.http.answer import said
from steps.told import MOST_SAID, exact_text, full_words_of
from tests.support.right_plan import right_plan

SECRETS = [("q8Zk1LwX0mTbRy5cVh7N" * 30)[:length] for length in (60, 430)]
TENANT = {"tenant_id": "t1", "deploy_unit_id": 1, "deploy_unit_version": 2, "target_ip": "127.0.0.1"}


def stage(**parameters: Any) -> dict[str, Any]:
    return {"name": "s", "steps": [{"type": "http-request", "url": "http://a.example.com/", **parameters}]}


def of_plan(secret: str, **parts: Any) -> str:
    return "\n".join(map(str, validate_plan(right_plan() | parts).errors))


def of_file(text: str) -> object:
    return read_yaml(text, "plan")


def template(text: str, **variables: Any) -> object:
    with Budget():
        return Sandbox().from_string(text).render(**variables)


def lines(secret: str) -> str:
    """What the log's renderer makes of an error that is cut in the midst of the secret."""
    return json.dumps({"exception": full_words_of(ValueError("x" * (MOST_SAID - 30) + secret))})


def twice(secret: str) -> str:
    return json.dumps(lines(secret))


PLACES: dict[str, Callable[[str], object]] = {
    "a line of the JSON log": lines,
    "JSON in JSON": twice,
    "ascii": lambda secret: ascii(exact_text(secret, 30)),
    "a tag of a collection": lambda secret: of_file(f"!{secret} {{a: 1}}"),
    "a tag of a value": lambda secret: of_file(f"a: !{secret} x"),
    "a key given twice": lambda secret: of_file(f"{secret}: 1\n{secret}: 2"),
    "a key given twice in JSON": lambda secret: parse_json(f'{{"{secret}": 1, "{secret}": 2}}'),
    "a name": lambda secret: template("{{ " + secret + " }}"),
    "a name in an answer": lambda secret: template("{{ a[b] + 1 }}", a={}, b=f"https://{'h' * 177}/?t={secret}"),
    "a forbidden attribute": lambda secret: str(Sandbox().unsafe_undefined({}, secret)),
    "a header": lambda secret: of_plan(secret, stages=[stage(headers={f"{secret} x": "a"})]),
    "a key of the plan": lambda secret: of_plan(secret, **{secret: 1}),
    "a key of a stage": lambda secret: of_plan(secret, stages=[stage() | {secret: 1}]),
    "a parameter": lambda secret: of_plan(secret, stages=[stage(**{secret: 1})]),
    "a key of a tenant": lambda secret: of_plan(secret, tenants=[TENANT | {secret: 1}]),
    "an override": lambda secret: of_plan(secret, tenants=[TENANT | {"overrides": {secret: {}}}]),
    "a key of a wave": lambda secret: of_plan(secret, waves=[{"name": "w", secret: 1}]),
    "a group": lambda secret: of_plan(secret, group_limits={secret: 1}),
    "a group's limit": lambda secret: of_plan(secret, group_limits={secret: "x"}),
    "stored JSON": lambda secret: read_stored(secret),
    "a checkpoint": lambda secret: Checkpoint.from_json(json.dumps(secret)),
    "an answer of wide characters": lambda secret: said(
        HttpAnswer("k", 500, f"{chr(0x10348) * 900}{' ' * 360}{secret}".encode(), None)
    ),
    "a store": lambda secret: make_store(secret, StoreOptions("n")),
}


@pytest.mark.parametrize("secret", SECRETS, ids=len)
@pytest.mark.parametrize("place", PLACES)
def test_no_beginning_of_a_secret_is_left(place: str, secret: str) -> None:
    try:
        said = str(PLACES[place](secret))
    except Exception as error:  # noqa: BLE001 - each place has its own
        said = str(error)
    masked = KnownSecrets().with_value(secret).masked(said)
    assert "***" in masked
    assert secret[:8] not in masked


@pytest.mark.parametrize("secret", SECRETS, ids=len)
def test_a_file_that_is_a_secret_is_not_quoted(tmp_path: Path, secret: str) -> None:
    (tmp_path / "token").write_text(secret)
    with pytest.raises(InvalidInput) as refused:
        read_plan_file(tmp_path / "token")
    assert "a single value (***" in KnownSecrets().with_value(secret).masked(str(refused.value))


ROOT = Path(__file__).parents[4]
WITHOUT_A_MARK = {
    "orchestrator/broker/rounds.py": "ids of tasks",
    "orchestrator/console/page/dialogs.py": "what a person typed, as much as may be typed",
    "orchestrator/coordinator/coordinator.py": "a list of tenants",
    "orchestrator/files/new_file.py": "the name of a draft",
    "orchestrator/notifications/messages.py": "as long as Slack takes it; masked before",
    "workers/canary.py": "a word that is answered as it came, and told nobody",
    "workers/recorder.py": "masked before",
}
"""Modules that cut a text and leave no mark, with the reason."""


def test_a_cut_of_a_text_leaves_its_mark() -> None:
    """The mask knows the beginning of a secret by the mark behind it; what is cut without one keeps it."""
    paths = [
        path for folder in ("steps", "checkpoint", "orchestrator", "workers") for path in (ROOT / folder).rglob("*.py")
    ]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}
    told = [
        f"{path}:{line}"
        for path, text in texts.items()
        if re.search(r"\[: ?(?:[2-9]\d|\d{3}|[A-Z_]|.*[*/+-])", text)
        for line in _unmarked_cuts(list(ast.walk(ast.parse(text))))
    ]
    astray = [one for one in told if one.partition(":")[0] not in WITHOUT_A_MARK]
    assert not astray, "cut_text of orchestrator/domain/errors.py, or exact_text of steps/told.py"
    assert {one.partition(":")[0] for one in told} == WITHOUT_A_MARK.keys(), "a reason that is needed no more"


def _unmarked_cuts(nodes: list[ast.AST]) -> Iterator[int]:
    """The lines of ``[:60]`` and the like without ``+ "…"``; a name as bound, also within a
    sum or product, counts where it is sure to cut a text."""
    marked, quoted = set(), set()
    for node in nodes:
        match node:
            case ast.BinOp(left=ast.Subscript() as cut, right=ast.Constant(value="…")):
                marked.add(cut)
            case ast.FormattedValue(value=ast.Subscript() as cut):
                quoted.add(cut)
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Call(func=ast.Attribute(attr="hexdigest")) | ast.Attribute(attr="hex")):
                continue
            case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=bound, step=None)) if node not in marked:
                is_text = node in quoted or re.match(
                    r"JoinedStr|Call\(func=Name\(id='(str|repr|mask)'", ast.dump(value)
                )
                if any(map(partial(_is_large, is_text=bool(is_text)), ast.walk(bound) if bound else ())):
                    yield node.lineno


def _is_large(bound: ast.AST, *, is_text: bool) -> bool:
    match bound:
        case ast.Constant(value=int(most)):
            return most >= 20
        case ast.Name(id=name):
            return name.isupper() and (is_text or re.search("LIMIT|LONGEST|SAID", name) is not None)
    return False
