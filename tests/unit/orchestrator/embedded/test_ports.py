"""A port of ``up`` is taken, not looked at: two never have the same, and what answers there is its own child."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from orchestrator.background.held_port import SOCKET_VARIABLE, handed_socket, listen_on
from orchestrator.domain.errors import InvalidInput, PortTaken
from orchestrator.embedded import ports
from orchestrator.embedded.child import Child, ChildSpec
from orchestrator.embedded.front_door import front_door
from orchestrator.observability.metrics import MetricsEndpoint, MetricsServer
from orchestrator.settings.console import ConsoleSettings
from orchestrator.settings.model import Settings
from tests.support.waiting import wait_until


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server((ports.HOST, ports.choose_port())):
        pass


def test_a_taken_port_is_refused_by_its_option() -> None:
    with ports.hold_free_port() as taken:
        port = ports.port_of(taken)
        for refuses in (ports.require_free_port, ports.hold_port):
            with pytest.raises(PortTaken, match=rf"--redis-port: .*{port}"):
                refuses(port, "--redis-port")


def test_an_address_that_is_not_ours_is_refused_by_its_option() -> None:
    with pytest.raises(InvalidInput, match=r"--metrics-port: cannot listen on 192\.0\.2\.1:"):
        ports.hold_port(ports.choose_port(), "--metrics-port", "192.0.2.1")


def test_two_that_start_at_once_have_each_a_console_of_its_own() -> None:
    settings = Settings(console=ConsoleSettings(port=ports.choose_port()))
    with closing(front_door(None, settings).listener) as first, closing(front_door(None, settings).listener) as second:
        assert ports.port_of(first) == settings.console.port
        assert ports.port_of(second) != settings.console.port


SERVES = """
import http.server
from orchestrator.background.held_port import handed_socket
class Here(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Here, bind_and_activate=False)
assert handed_socket({port} + 1) is None
server.socket = handed_socket({port})
server.serve_forever()
"""


def test_a_door_is_open_when_the_child_that_it_was_handed_to_answers() -> None:
    settings = Settings(console=ConsoleSettings(port=ports.choose_port()))
    door = front_door(None, settings)
    with closing(door.listener):
        # Who comes early waits in the queue, and is not taken for an answer.
        assert not door.is_open()
        spec = ChildSpec(
            "console",
            "console",
            [sys.executable, "-c", SERVES.format(port=door.port)],
            os.environ,
            listener=door.listener,
        )
        child = Child(spec, lambda: 0.0)
        try:
            for _ in range(2):
                child.start()
                wait_until(door.is_open)
                child.kill()
                wait_until(child.reap)
                # Nobody else can have the port while the child is away.
                with pytest.raises(OSError, match="in use"):
                    listen_on(ports.HOST, door.port)
        finally:
            child.kill()


def test_metrics_are_served_on_the_socket_that_was_handed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    Counter("served", "help", registry=registry).inc()
    with ports.hold_free_port() as held:
        port = ports.port_of(held)
        monkeypatch.setenv(SOCKET_VARIABLE, str(os.dup(held.fileno())))
        server = MetricsServer(MetricsEndpoint(port), registry)
        try:
            assert "served_total 1.0" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
            assert SOCKET_VARIABLE not in os.environ
        finally:
            server.stop()
        # Whoever starts it again finds the port held.
        with pytest.raises(PortTaken):
            ports.hold_port(port, "--metrics-port")


@pytest.mark.parametrize("given", ["", "x", "-1", "0", "100000"])
def test_what_is_no_socket_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, given)
    assert handed_socket(8420) is None
