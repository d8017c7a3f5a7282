"""Python has its keys from ``Keys.of``: one that is put together from texts follows no change of the one table.
The usual ways to do so are told, no more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from orchestrator.ledger.keys import PATTERNS, Keys
from tests.support.agreed_lists import must_agree

ROOT: Final = Path(__file__).parents[4]
PLACES: Final = ("steps", "checkpoint", "orchestrator", "workers", "reference", "benchmarks", "examples")
HOME: Final = "orchestrator/ledger/keys.py"
NO_KEYS: Final = {
    "orchestrator/history/key_walk.py": "all keys of a namespace, and what stands behind their root",
    "orchestrator/history/read_dump.py": "a key that was found, and is none of the table's",
    "orchestrator/ledger/acl.py": "a pattern of Redis' own rules",
    "orchestrator/ledger/looks.py": "the root as such, which a script is handed",
    "orchestrator/ledger/script_caller.py": "the root as such, which a script is handed",
}
"""What else has to do with the root of a namespace's keys, and for what."""


def put_together(text: str) -> Iterator[int]:
    """Lines in which a key's root is taken or written out, the table is read past ``of``, or text is put to a key."""
    if not re.search(r"\.root\b|changeover:\{|\.of\(|PATTERNS\[", text):
        return
    module = ast.parse(text)
    notes = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr="root") if ast.unparse(node) != "logging.root":
                yield node.lineno
            case ast.Attribute(value=ast.Subscript(value=ast.Name("PATTERNS")), attr="format"):
                yield node.lineno
            case ast.Constant(value=str(written)) if "changeover:{" in written and id(node) not in notes:
                yield node.lineno
            case ast.BinOp(left=ast.Call(func=ast.Attribute(attr="of"))):
                yield node.lineno
            case ast.JoinedStr(values=[ast.FormattedValue(ast.Call(func=ast.Attribute(attr="of"))), behind, *_]):
                if not (isinstance(behind, ast.Constant) and " " in str(behind.value)):  # A sentence begins with it.
                    yield node.lineno


def test_keys_come_from_the_one_table() -> None:
    paths = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
    told = {path.relative_to(ROOT).as_posix(): list(put_together(path.read_text())) for path in paths}
    homes = {path for path, lines in told.items() if lines}
    assert HOME in homes
    must_agree(
        homes - {HOME},
        NO_KEYS,
        lacking="{} puts a key together: `keys.of(kind, identifier)`; what is no key, with what it is, into NO_KEYS",
        left_over="{} is in NO_KEYS, and has nothing to do with the root of keys",
    )


@pytest.mark.parametrize(
    "text",
    [
        'client.hset(f"changeover:{{{namespace}}}:plan:{plan}", "note", "x")',
        'client.get("changeover:{%s}:epoch" % namespace)',
        'client.hgetall(Keys(namespace).root + f"plan:{plan}")',
        'client.hgetall(root + PATTERNS["plan"].format(plan))',
        'client.hgetall(Keys(settings.namespace).of("plan") + plan)',
        """client.hgetall(f"{self.keys.of('plan')}{plan}")""",
        """client.hgetall(f"{keys.of('plan', plan)}:note")""",
    ],
)
def test_one_that_is_put_together_is_told(text: str) -> None:
    assert list(put_together(text)) == [1]


@pytest.mark.parametrize(
    "text",
    [
        '"""Below ``changeover:{name}:``."""\nclient.hgetall(keys.of("plan", plan))',
        """raise DamagedData(f"{keys.of('plan', plan)} is of another type")""",
        'logging.root.handlers + pool.of("a")',
    ],
)
def test_what_is_none_is_not(text: str) -> None:
    assert not list(put_together(text))


def test_the_beginning_of_a_kinds_keys_is_not_to_be_had() -> None:
    """However it would be put to an identifier then: no rule sees the way of a variable."""
    for kind, pattern in PATTERNS.items():
        with pytest.raises(TypeError, match="takes"):
            Keys("n").of(kind, *([] if "{}" in pattern else [""]))
