"""The system's Chromium, driven by Playwright, and a console with everything behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from orchestrator.settings.model import Settings
from tests.support.chromium import find_chromium
from tests.support.console_server import ConsoleServer
from tests.support.place import Place
from tests.support.visitor import Visitor


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def console(settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleServer]:
    # The doctor asks workers by an app that goes by the environment.
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    with ConsoleServer(settings) as console:
        yield console


@pytest.fixture
def visit(browser: Browser, console: ConsoleServer) -> Iterator[Callable[..., Visitor]]:
    """``visit("operator")``: somebody of this role, signed in by the form; without a role at the door."""
    visitors: list[Visitor] = []

    def arrive(role: str = "", **how: Any) -> Visitor:
        visitor = Visitor(browser, console.url, **how)
        visitors.append(visitor)
        if role:
            visitor.sign_in(console.token(role))
        return visitor

    yield arrive
    for visitor in visitors:
        visitor.leave()
