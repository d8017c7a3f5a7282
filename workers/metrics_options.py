"""``changeover worker --metrics-port PORT --metrics-address ADDRESS``: our options among Celery's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.observability.metrics import LOOPBACK_ADDRESS, MetricsEndpoint

PORT: Final = "--metrics-port"
ADDRESS: Final = "--metrics-address"


def taken_out(arguments: Sequence[str]) -> tuple[list[str], MetricsEndpoint | None]:
    """The arguments without ours, and what ours say. Raises ``InvalidInput``."""
    rest: list[str] = []
    found: dict[str, str] = {}
    left = iter(arguments)
    for argument in left:
        name, has_value, value = argument.partition("=")
        if name in (PORT, ADDRESS):
            found[name] = value if has_value else next(left, "")
        else:
            rest.append(argument)
    if PORT not in found:
        return rest, None
    if not found[PORT].isdecimal():
        raise InvalidInput([Problem(PORT, found[PORT], "must be a port, 1 to 65535")])
    endpoint = MetricsEndpoint(int(found[PORT]), found.get(ADDRESS) or LOOPBACK_ADDRESS)
    if problems := endpoint.check():
        raise InvalidInput(problems)
    return rest, endpoint
