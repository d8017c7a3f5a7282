"""What the requests of one process share, so that many who look cost little more than one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from orchestrator.client import Client
from orchestrator.console.api.checks import Checks
from orchestrator.console.api.event_hub import EventHub
from orchestrator.console.api.live_board import LiveBoard
from orchestrator.console.api.recent import Recent
from orchestrator.control.feed import Feed
from orchestrator.settings.model import Settings


class Shared:
    """Made with the application; nothing in it begins before it is asked for."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.recent = Recent()
        self.board = LiveBoard(client)
        self.hub = EventHub(lambda: Feed(settings))
        self.checks = Checks()

    def close(self) -> None:
        """May be called twice."""
        self.hub.close()
        self.checks.close()


def shared_of(request: Request) -> Shared:
    shared: Shared = request.app.state.shared
    return shared


SharedParts = Annotated[Shared, Depends(shared_of)]
