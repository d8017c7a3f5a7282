"""What routes take besides the actor: ``client: ConsoleClient``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from orchestrator.client import Client
from orchestrator.settings.model import Settings


def client_of(request: Request) -> Client:
    client: Client = request.app.state.client
    return client


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


ConsoleClient = Annotated[Client, Depends(client_of)]
"""The application's one client; it blocks."""
SettingsOfConsole = Annotated[Settings, Depends(_settings)]
"""What it was started with."""
