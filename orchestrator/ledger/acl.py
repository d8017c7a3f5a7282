"""The Redis commands that Changeover uses, and no others, as the rules of a Redis user (ACL).

The one list: ``docs/security.md``, the private Redis of ``changeover up`` and the user that the test suite runs as are
all made from it, so a command that is missing here fails the tests and not an installation. A new ``redis.call`` or
client call needs its command here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

USER: Final = "changeover"

COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "every connection": ("auth", "hello", "ping", "select", "info"),
    "scripts and transactions": (
        "eval",
        "evalsha",
        "script|exists",
        "script|load",
        "multi",
        "exec",
        "discard",
        "watch",
        "unwatch",
    ),
    "the scripts themselves": (
        *("del", "exists", "expire", "get"),
        *("hdel", "hexists", "hget", "hgetall", "hincrby", "hmget", "hset", "hsetnx", "incr"),
        "info",
        *(
            "incrby",
            "persist",
            "pexpire",
            "pttl",
            "sadd",
            "scard",
            "set",
            "sismember",
            "smembers",
            "srandmember",
            "srem",
        ),
        *(
            "time",
            "type",
            "unlink",
            "xadd",
            "xlen",
            "xread",
            "xrevrange",
            "zadd",
            "zcard",
            "zcount",
            "zrange",
            "zrangebyscore",
            "zrem",
            "zscore",
        ),
    ),
    "reading the ledger": (
        *(
            "hgetall",
            "mget",
            "scan",
            "wait",
            "xinfo|consumers",
            "xinfo|stream",
            "xrange",
            "xrevrange",
            "zcard",
            "zcount",
            "zrank",
        ),
        *("xlen", "zrevrange"),
    ),
    "the coordinators' inbox": ("xack", "xautoclaim", "xdel", "xgroup", "xpending", "xread", "xreadgroup"),
    "Celery's broker": (
        *("brpop", "hgetall", "llen", "lpush", "psubscribe", "publish", "pttl", "punsubscribe", "rpop", "rpush"),
        *("subscribe", "unsubscribe", "zrevrangebyscore"),
    ),
    "steps that write and read": ("get", "hget", "hset", "publish", "set"),
}
"""What each is for; a command may be in several."""

EMBEDDED: Final = ("+@read", "+@write", "+@pubsub", "-@admin", "-@dangerous", "+config|get")
"""Besides, on the private Redis of ``changeover up``: what the services there do with their own keys. Nothing that
reaches beyond the data (CONFIG SET, MODULE, DEBUG, REPLICAOF, SAVE) or goes through or empties it (KEYS, FLUSHALL)."""


def rules(keys: Iterable[str] = ("*",), channels: Iterable[str] = ("*",)) -> list[str]:
    """The rules of a user that may do what Changeover does, on these key and channel patterns."""
    commands = sorted({command for group in COMMANDS.values() for command in group})
    return [
        *("resetkeys", *(f"~{pattern}" for pattern in keys)),
        *("resetchannels", *(f"&{pattern}" for pattern in channels)),
        *("-@all", *(f"+{command}" for command in commands)),
    ]


def embedded_rules() -> list[str]:
    """The rules of the only user of the private Redis of ``changeover up``."""
    least = rules()
    first = next(index for index, rule in enumerate(least) if rule.startswith("+"))
    # The least list last: INFO is among the dangerous ones for Redis, and needed.
    return [*least[:first], *EMBEDDED, *least[first:]]


def own_keys(namespace: str) -> list[str]:
    """Patterns of the keys that are Changeover's own: ledger, broker, fences. What plans write comes on top."""
    return [f"changeover:{{{namespace}}}:*", f"changeover:{namespace}:*", "changeover:fence:*"]


def own_channels(namespace: str, broker_database: int = 1) -> list[str]:
    """Patterns of the channels that are Changeover's own: the broker's.

    Redis lets nobody subscribe to a pattern that is not granted letter by letter; so those two of Celery's (remote
    control, and the events that Flower shows) stand beside the one for publishing.
    """
    own = f"changeover:{namespace}:"
    return [f"{own}*", f"{own}/{broker_database}.celery.pidbox", f"{own}/{broker_database}.celeryev/*"]
