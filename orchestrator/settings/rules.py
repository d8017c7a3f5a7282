"""Rules between settings. Each says which it reads: it is asked also where others are wrong, and not where one of its
own is, since a default stands there then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any, Final

from orchestrator.domain.naming import unknown
from orchestrator.settings.section import in_millis
from orchestrator.settings.webhooks import refused_hooks
from steps.http.allowed_hosts import AllowedHosts

AllSettings = Any
"""The ``Settings`` of ``settings.model``, which asks these rules."""
Broken = tuple[str, str]
"""The place of the setting to mend, and what is expected of it."""
MOST_TOLD: Final = 100


def _renewals(settings: AllSettings) -> Iterator[Broken]:
    # Two renewals may be lost before a lease runs out. As the ledger has them: 0.8 * 3 is more than 2.4.
    lease, renew = settings.lease_seconds, settings.renew_seconds
    if in_millis(renew) * 3 > in_millis(lease):
        yield "renew_seconds", f"expected at most a third of lease_seconds ({lease:g}), got {renew:g}"


def _heartbeats(settings: AllSettings) -> Iterator[Broken]:
    # A heartbeat is written by a renewal.
    beat, renew = settings.heartbeat_seconds, settings.renew_seconds
    if in_millis(beat) < in_millis(renew):
        yield "heartbeat_seconds", f"expected at least renew_seconds ({renew:g}), got {beat:g}"


def _fallbacks(settings: AllSettings) -> Iterator[Broken]:
    for name, listed in settings.instances.items():
        if listed.fallback is not None and listed.fallback not in settings.instances:
            yield f"instances.{name}.fallback", f"there is no list {listed.fallback!r}"


def _hooks(settings: AllSettings) -> Iterator[Broken]:
    yield from refused_hooks(
        settings.webhooks, AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback)
    )


def _default_services(settings: AllSettings) -> Iterator[Broken]:
    for index, name in enumerate(settings.default_service_names):
        if name not in settings.services:
            yield f"default_service_names[{index}]", unknown("service", name, settings.services)


_RULES: Final[tuple[tuple[frozenset[str], Callable[[AllSettings], Iterator[Broken]]], ...]] = (
    (frozenset({"lease_seconds", "renew_seconds"}), _renewals),
    (frozenset({"heartbeat_seconds", "renew_seconds"}), _heartbeats),
    (frozenset({"instances"}), _fallbacks),
    (frozenset({"webhooks", "allowed_hosts", "allow_loopback"}), _hooks),
    (frozenset({"default_service_names", "services"}), _default_services),
)


def broken_rules(settings: AllSettings, wrong: Collection[str] = ()) -> list[Broken]:
    """The first of what is wrong between the settings; ``wrong``: those whose values are not to be believed."""
    believed = (rule for reads, rule in _RULES if reads.isdisjoint(wrong))
    return list(islice((one for rule in believed for one in rule(settings)), MOST_TOLD))
