"""Python and the scripts take the same texts for task ids, and cut them alike."""

from __future__ import annotations

import pytest
import redis

from orchestrator.domain.task_id import plan_of, position_of, task_id_of
from orchestrator.ledger.script_source import _FOLDER

NONE = [
    "",
    "p",
    "p.",
    ".0",
    "p.00",
    "p.01",
    "p.-1",
    "p.+1",
    "p. 1",
    "p.1_0",
    "p.0\n",
    "p.\u0663",
    "p.\u00b2",
    "p.1e3",
    "p.0x1",
    "p.x",
    "p.10000000",
    f"p.{2**53 + 1}",
    f"p.{'9' * 5000}",
]


def test_python_and_lua_cut_task_ids_alike(redis_client: redis.Redis) -> None:
    source = (_FOLDER / "includes" / "task_id.lua").read_text()
    body = "return {plan_of(ARGV[1]) or '', tostring(position_of(ARGV[1]) or 'none')}"

    def by_lua(text: str) -> list[str]:
        found = redis_client.eval(f"{source}\n{body}", 0, text)
        assert isinstance(found, list)
        return found

    for text in NONE:
        assert by_lua(text) == ["", "none"], text
        assert plan_of(text) == "", text
        with pytest.raises(ValueError, match=r"^no task id: "):
            position_of(text)
    for plan_id in ("p", "p.0", "a b", "p\n.x"):
        for position in (0, 7, 10, 9_999_999):
            text = task_id_of(plan_id, position)
            assert by_lua(text) == [plan_id, str(position)]
            assert (plan_of(text), position_of(text)) == (plan_id, position)
