"""Instances by name: where the lists come from, and how a step picks from them.

A source of your own subclasses ``InstanceSource`` and is named by an entry point of ``changeover.instance_sources``;
the static lists of the settings are asked first.
"""

from __future__ import annotations

import inspect
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from steps.contract import Choice, Endpoint, SourceUnavailable, UnknownInstances
from steps.installed import entry_points
from steps.instances.endpoints import MalformedEndpoints, health_endpoints
from steps.raised import is_for_process
from steps.told import said_by, type_name, words_of
from steps.wording import cut, quote

SOURCES_GROUP = "changeover.instance_sources"
CACHE_SECONDS = 30.0
"""How long a list is believed, and a failed instance is left out of random choices."""
AVOID_SECONDS = 5.0
"""How long a source that failed is not asked again: every poll of every tenant would wait for it."""


class InstanceSource(ABC):
    """Finds the instances behind a name. One object serves all threads of a process; made without arguments."""

    @abstractmethod
    def find(self, name: str) -> Sequence[str] | None:
        """Their addresses (http(s) URLs, with or without path); None when the source does not know the name.

        An exception is read as "not now": the step polls again.
        """


@dataclass(frozen=True, slots=True)
class InstanceList:
    """One list of the settings; ``fallback`` names the list to use when this one is empty, or all of it failed."""

    urls: tuple[str, ...]
    fallback: str | None = None


class Instances:
    """The ``InstanceLists`` of a process. Safe to share between threads.

    ``lists``: those of the settings. ``sources``: asked in order for every other name. ``clock`` counts seconds.
    """

    def __init__(
        self,
        lists: Mapping[str, InstanceList],
        sources: Sequence[InstanceSource] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lists = lists
        self._sources = sources
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._failed: dict[str, float] = {}
        self._away: dict[str, tuple[float, str]] = {}

    def pick(self, name: str, choice: Choice, path: str) -> list[Endpoint]:
        """All of the list, or one at random; see ``InstanceLists``."""
        seen: set[str] = set()
        at: str | None = name
        last: list[Endpoint] = []
        while at is not None and at not in seen:
            seen.add(at)
            endpoints = _endpoints(at, self._urls(at), path)
            if choice == "all" and endpoints:
                return endpoints
            good = [endpoint for endpoint in endpoints if not self._has_failed(endpoint.url)]
            if good:
                return [random.choice(good)]  # noqa: S311 - spreads load, keeps no secret
            last = last or endpoints
            at = self._lists[at].fallback if at in self._lists else None
        # All have failed lately: one of them is still a better answer than none.
        return [random.choice(last)] if last else []  # noqa: S311

    def failed(self, url: str) -> None:
        """Leave it out of random choices for ``CACHE_SECONDS``."""
        with self._lock:
            now = self._clock()
            self._failed = {one: until for one, until in self._failed.items() if until > now}
            self._failed[url] = now + CACHE_SECONDS

    def _has_failed(self, url: str) -> bool:
        with self._lock:
            return self._failed.get(url, 0.0) > self._clock()

    def _urls(self, name: str) -> tuple[str, ...]:
        if name in self._lists:
            return self._lists[name].urls
        with self._lock:
            until, urls = self._found.get(name, (0.0, ()))
            if until > self._clock():
                return urls
            away_until, reason = self._away.get(name, (0.0, ""))
        if away_until > self._clock():
            raise SourceUnavailable(reason)
        for source in self._sources:
            try:
                found = source.find(name)
                given = None if found is None else tuple(found)
            except BaseException as error:
                if is_for_process(error):
                    raise
                return self._without(source, name, urls, error)
            if given is not None:
                with self._lock:
                    self._found[name] = (self._clock() + CACHE_SECONDS, given)
                return given
        raise UnknownInstances(f"no instance list named {quote(name)}")

    def _without(
        self, source: InstanceSource, name: str, known: tuple[str, ...], error: BaseException
    ) -> tuple[str, ...]:
        """A source that fails is left alone for a while: with the list that it last gave, if it ever gave one."""
        until = self._clock() + AVOID_SECONDS
        reason = f"{type_name(source)} cannot say: {cut(_said(error))}"
        with self._lock:
            if known:
                self._found[name] = (until, known)
                return known
            self._away[name] = (until, reason)
        raise SourceUnavailable(reason) from error


def _said(error: BaseException) -> str:
    return (said_by(error) if issubclass(type(error), Exception) else "") or words_of(error)


def load_sources() -> list[InstanceSource]:
    """Every source that an installed package brings. Raises ``TypeError`` for an entry point that is none."""
    found: list[InstanceSource] = []
    for point in sorted(entry_points(group=SOURCES_GROUP), key=lambda point: point.name):
        try:
            source: object = point.load()
        except BaseException as error:
            if is_for_process(error):
                raise
            what = f"entry point {point.name} = {point.value} cannot be imported: {words_of(error)}"
            raise TypeError(what) from error
        if not (inspect.isclass(source) and issubclass(source, InstanceSource)):
            raise TypeError(f"entry point {point.name} = {point.value} is not a subclass of steps.InstanceSource")
        try:
            found.append(source())
        except BaseException as error:
            if is_for_process(error):
                raise
            what = f"entry point {point.name} = {point.value} cannot be used: {words_of(error)}"
            raise TypeError(what) from error
    return found


def _endpoints(name: str, urls: Sequence[str], path: str) -> list[Endpoint]:
    try:
        return health_endpoints({"network_endpoints": [{"value": url} for url in urls]}, path)
    except MalformedEndpoints as error:
        raise SourceUnavailable(f"instance list {quote(name)} holds what is no URL: {error}") from error
