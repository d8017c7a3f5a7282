"""A script touches the keys of ``keys.py`` and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.ledger.script_keys import with_known_keys
from tests.support.lua_keys import strange_keys

FOLDER = Path(__file__).parents[4] / "orchestrator" / "ledger" / "scripts"


def test_every_key_of_a_script_comes_from_the_one_table() -> None:
    sources = {path.relative_to(FOLDER.parents[2]).as_posix(): path.read_text() for path in FOLDER.rglob("*.lua")}
    told = list(strange_keys(sources))
    assert not told, "\n".join(
        ["", *told, "A key is K.<kind>(identifier), or a local that has one; a new kind: CONTRIBUTING.md, 'A key'."]
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("redis.call('SET', KEYS[1] .. 'marks', '1')", ["x.lua:2: KEYS[", "x.lua:2: KEYS[1] .. 'marks'"]),
        ("redis.call('SET', ROOT .. 'marks', '1')", ["x.lua:2: ROOT", "x.lua:2: ROOT .. 'marks'"]),
        ("redis.call('SET', 'marks', '1')", ["x.lua:2: 'marks'"]),
        ("redis.call('DEL', K.plan(id), K.plan(id) .. ':marks')", ["x.lua:2: K.plan(id) .. ':marks'"]),
        ("redis.call('XREAD', 'COUNT', 1, 'STREAMS', K.feed(), 'x', a, b)", ["x.lua:2: 'x'"]),
        ("local mark = 'x' redis.pcall('GET', mark)", ["x.lua:2: mark"]),
        ("read(K.task(id), 1) read('marks', 1)", ["x.lua:2: 'marks'"]),
        ("redis.call('GET', marks)", ["x.lua:2: marks"]),
        ("redis.call('GET', K.task(f(id)))", []),
        ("local a, b = K.task(id), K.plan(id) redis.call('UNLINK', a, b)", []),
        ("for _, one in ipairs({K.plans(), K.drafts()}) do redis.call('ZREM', one, id) end", []),
        ("redis.call('ZREM', x == 'a' and K.ready() or K.ended(), id)", []),
        ("redis.call('TIME') -- redis.call('GET', 'marks')", []),
    ],
)
def test_one_that_is_put_together_by_hand_is_told_with_its_place(line: str, told: list[str]) -> None:
    other = "local function read(key, field)\n  return redis.call('HGET', key, field)\nend\n"
    assert list(strange_keys({"includes/y.lua": other, "x.lua": "\n" + line})) == told


def test_one_that_is_not_in_the_table_is_a_mistake_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"^includes/x\.lua:2: K\.xyzzy is no key: A new one goes into PATTERNS of"):
        with_known_keys("includes/x.lua", "-- K.nothing\nredis.call('SET', K.xyzzy('x'), '1')")
    with pytest.raises(ValueError, match=r"^x\.lua:1: K\.tasks is no key: did you mean K\.task\? A new one"):
        with_known_keys("x.lua", "return K.tasks(id)")
