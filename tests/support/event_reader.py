"""A reader of the console's event stream, as a browser reads one: it comes back with the last id that it saw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class EventReader:
    """``take(n)`` reads until so many events have come in all; ``leave`` drops the connection."""

    url: str
    token: str
    query: Mapping[str, Any] = field(default_factory=dict)
    last_id: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    _lines: Iterator[str] | None = None
    _response: httpx.Response | None = None

    def open(self) -> httpx.Response:
        if self._response is None:
            self._client = httpx.Client(base_url=self.url, timeout=20, trust_env=False)
            headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
            headers |= {} if self.last_id is None else {"Last-Event-ID": self.last_id}
            request = self._client.build_request("GET", "/api/v1/events", params=self.query, headers=headers)
            self._response = self._client.send(request, stream=True)
            self._lines = self._response.iter_lines()
        return self._response

    def take(self, count: int) -> list[dict[str, Any]]:
        """All events that have come, ``count`` of them at least."""
        while len(self.events) < count:
            self.take_one()
        return self.events

    def take_one(self) -> None:
        """The next thing that is told: an event, a special one, a sign of life."""
        self.open()
        assert self._lines is not None
        kind, identifier, data = "", None, None
        while line := next(self._lines):
            name, _, value = line.partition(":")
            if name == "event":
                kind = value.strip()
            elif name == "id":
                identifier = value.strip()
            elif name == "data":
                data = value.strip()
        if identifier is not None:
            self.last_id = identifier
        if kind:
            self.special.append(kind)
        elif data is not None:
            self.events.append(json.loads(data))

    def leave(self) -> None:
        if self._response is not None:
            self._response.close()
            self._client.close()
            self._response = self._lines = None

    def numbers(self) -> list[int]:
        return [event["sequenceId"] for event in self.events]
