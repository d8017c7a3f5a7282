"""What the control and data plane write to Redis without a script stands in docs/keys.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.ledger.acl import COMMANDS
from tests.support.agreed_lists import must_agree

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "keys.md").read_text()
READING: Final = {
    *("exists", "get", "hexists", "hget", "hgetall", "hmget", "llen", "mget", "pttl", "scan", "scard", "sismember"),
    *("smembers", "srandmember", "type", "xlen", "xpending", "xrange", "xread", "xrevrange", "zcard", "zcount"),
    *("zrange", "zrangebyscore", "zrank", "zrevrange", "zrevrangebyscore", "zscore"),
}
NO_KEYS: Final = {
    *("auth", "hello", "ping", "select", "info", "time", "wait", "eval", "evalsha", "multi", "exec", "discard"),
    *("watch", "unwatch", "script", "xinfo", "psubscribe", "publish", "punsubscribe", "subscribe", "unsubscribe"),
}
WRITING: Final = {name.partition("|")[0] for group in COMMANDS.values() for name in group} - READING - NO_KEYS
"""Of the commands that Changeover uses at all."""
SPELLED: Final = {"delete": "del", "xgroup_create": "xgroup", "xgroup_delconsumer": "xgroup"}
"""Commands that redis-py calls otherwise."""
BROKERS: Final = {
    *("orchestrator/broker/lane_keys.py", "orchestrator/broker/canary.py", "workers/transport.py"),
    "orchestrator/cli/chaos/faults.py",
}
"""What writes to the broker's database, where nothing is true."""


def writes(text: str) -> Iterator[str]:
    """Commands that it gives to a client or a pipeline itself."""
    if not re.search("client|pipeline|redis|broker", text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            held = node.func.value
            holder = held.attr if isinstance(held, ast.Attribute) else held.id if isinstance(held, ast.Name) else ""
            command = SPELLED.get(node.func.attr, node.func.attr)
            if command in WRITING and holder.lstrip("_") in ("client", "pipeline", "redis", "broker"):
                yield command


def test_what_is_written_without_a_script_is_said_on_the_page() -> None:
    paths = [path for room in ("orchestrator", "workers") for path in (ROOT / room).rglob("*.py")]
    homes = {path.relative_to(ROOT).as_posix() for path in paths if any(writes(path.read_text()))}
    must_agree(
        {home.removeprefix("orchestrator/") for home in homes - BROKERS},
        re.findall(r"^- `([\w/]+\.py)`", PAGE, re.MULTILINE),
        lacking="{} writes to Redis without a script: into one, or why not, into the list at the head of docs/keys.md",
        left_over="{} is at the head of docs/keys.md, and writes nothing but by scripts",
    )
    assert homes >= BROKERS, "a module that writes no more needs no reason"


def test_writes_are_told_from_what_reads() -> None:
    text = (
        "self._client.hset(k, 1)\npipeline.delete(k)\nself._stop.set()\nclient.get(k)\nledger.client.xgroup_create(k)"
    )
    assert list(writes(text)) == ["hset", "del", "xgroup"]
