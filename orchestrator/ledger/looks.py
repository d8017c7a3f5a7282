"""Runs the scripts that only look, the one way for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import redis
from redis.exceptions import NoScriptError

from orchestrator.domain import formats
from orchestrator.domain.errors import TooOld
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.outcomes import TOO_OLD
from orchestrator.ledger.script_source import named_script


def look(client: redis.Redis, keys: Keys, name: str, arguments: Sequence[str | int]) -> list[Any]:
    """What the script answers, without its code. Raises what the client raises, and ``TooOld``."""
    sha, source = named_script(name)
    try:
        answer = client.evalsha(sha, 1, keys.root, *arguments)
    except NoScriptError:
        # Sent whole, which also makes it known: no flush of scripts can come in between.
        answer = client.eval(source, 1, keys.root, *arguments)
    code, *found = cast(list[Any], answer)
    if code == TOO_OLD:
        raise TooOld("the ledger", int(found[0]), formats.LEDGER)
    return found
