"""A log read page by page, each begun at the last entry of the one before: a fail-over to a server that lacks it,
behind a connection that was made anew, is seen by what that server holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from orchestrator.ledger.damaged_key_words import reading

PAGE: Final = 1000
"""Entries of one read."""


def log_entries(client: redis.Redis, key: str, since: int, *, is_capped: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Entries behind number ``since``, in order. ``is_capped``: it loses its oldest, so that one which is gone tells
    nothing. Raises ``ConnectionError`` when the log is another one than where it was begun: to be read again."""
    position, last = f"({since}-0", None
    while True:
        with reading(key):
            page = cast(list[Any], client.xrange(key, min=position, max="+", count=PAGE))
        is_whole = len(page) < PAGE
        if last is not None and page:
            if page[0] != last and (page[0][0] == last[0] or not is_capped):
                raise RedisConnectionError("the log has gone back while it was read: a fail-over that lost writes")
            page = page[1:] if page[0] == last else page
        yield from page
        if is_whole or not page:
            return
        last = page[-1]
        position = last[0]
