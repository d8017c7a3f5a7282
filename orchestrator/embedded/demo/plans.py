"""The plans of the demo, as files that a newcomer can read, submit and change."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Final

from orchestrator.background.held_port import listen_on
from orchestrator.domain.typed import typed
from orchestrator.embedded.ports import HOST, hold_free_port, port_of
from orchestrator.files.private_file import replace_private

FOLDER: Final = "demo"
"""In the data folder of ``changeover up``."""

FLEET_PLAN: Final = "fleet.yaml"
"""The file beside them that the fleet plays, whatever becomes of the plans."""

PORT: Final = 9001
"""Where the fleet listens if it is free: README's first plan names it."""

TENANTS: Final = (
    *("acme", "birch", "cobalt", "delta", "ember", "falcon"),
    *("garnet", "harbor", "indigo", "juniper", "krypton", "lumen"),
)
REFUSING: Final = frozenset({"falcon", "juniper"})
"""Their second instance does not take the version of ``red.yaml`` until it is mended."""

_ID_IN_PLAN: Final = re.compile(r"^plan_id: (\S+)$", re.MULTILINE)
_PORT_IN_PLAN: Final = re.compile(r"http://127\.0\.0\.1:(\d{1,5})/acme/")

_STAGE: Final = """\
  - name: switch-{service}
    timeout_seconds: 60
    steps:
      - type: config-write
        key: "tenant_config:{{{{ tenant.tenant_id }}}}"
        field: {service}
        value: {{version: "{{{{ tenant.deploy_unit_version }}}}"}}
      - type: broadcast
        channel: tenant_config
        message: {{tenantId: "{{{{ tenant.tenant_id }}}}"}}
      - type: health-check
        version_key: {service}
        interval_seconds: 0.5
        max_attempts: 8
"""
_TENANT: Final = """\
  - tenant_id: {tenant}
    deploy_unit_id: {unit}
    deploy_unit_name: {name}
    deploy_unit_version: {version}
    network_endpoints:
      - {{key: {tenant}-1, value: "http://127.0.0.1:{port}/{tenant}/{tenant}-1/health"}}
      - {{key: {tenant}-2, value: "http://127.0.0.1:{port}/{tenant}/{tenant}-2/health"}}
    variables: {{adopts_after_seconds: {{{tenant}-1: 0.3, {tenant}-2: {slow}}}, refuses: {refuses}}}
    source_tenant_deploy_config:
      {{deploy_unit_id: {old_unit}, deploy_unit_name: {old_name}, deploy_unit_version: {old}}}
"""


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """One move of all tenants; ``about`` says what comes of it."""

    plan_id: str
    about: str
    old: tuple[int, str, int]
    new: tuple[int, str, int]
    """Unit, its name, its version."""

    def text(self, port: int, plan_id: str = "") -> str:
        """The plan file; ``plan_id``: where that of the demo's first run has ended."""
        (old_unit, old_name, old), (unit, name, version) = self.old, self.new
        head = f"# {self.about}\nplan_id: {plan_id or self.plan_id}\nname: {old_name.title()} to {name}\n"
        stages = "".join(_STAGE.format(service=service) for service in ("gateway", "portal"))
        tenants = [
            _TENANT.format(
                tenant=tenant,
                unit=unit,
                name=name,
                version=version,
                port=port,
                slow=round(0.5 + number % 4 * 0.3, 1),
                refuses=f'{{{tenant}-2: "43"}}' if tenant in REFUSING else "{}",
                old_unit=old_unit,
                old_name=old_name,
                old=old,
            )
            for number, tenant in enumerate(TENANTS)
        ]
        return head + "max_concurrency: 3\nstages:\n" + stages + "tenants:\n" + "".join(tenants)


DEMO_PLANS: Final = {
    "green.yaml": DemoPlan(
        "demo-green", "Every tenant moves, from blue (41) to green (42).", (99, "blue", 41), (100, "green", 42)
    ),
    "red.yaml": DemoPlan(
        "demo-red", "Two tenants fail: an instance of each refuses version 43.", (100, "green", 42), (101, "red", 43)
    ),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the plan files are, where the fleet listens, and the socket that is handed to it; ``kept``: the files that
    somebody has changed; ``plan_ids``: of the plans by file."""

    folder: Path
    port: int
    listener: socket.socket
    plan_ids: Mapping[str, str]
    kept: tuple[str, ...] = ()

    @property
    def fleet_plan(self) -> Path:
        """The plan whose endpoints are the whole fleet's."""
        return self.folder / FLEET_PLAN

    def is_there(self) -> bool:
        """Whether the fleet answers."""
        with contextlib.suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
            connection.request("GET", f"/{TENANTS[0]}/{TENANTS[0]}-1/health")
            return connection.getresponse().status == HTTPStatus.OK
        return False


def write_demo_plans(data_dir: Path, has_ended: Callable[[str], bool] = lambda _: False) -> Demo:
    """Write the plan files of the demo, but for those that somebody has changed, and take its port.

    ``has_ended``: whether there is a plan of this id that has: what it says can be tried anew under the next number.
    A port that plans of this folder were written for before goes first: tenants that they moved go back to it. Raises
    ``OSError``.
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    first = next(iter(DEMO_PLANS))
    known = _port_in(_text(folder / FLEET_PLAN)) or _port_in(_text(folder / first))
    listener = _hold(known)
    port = port_of(listener)
    fleet = f"# Written anew at each start, for the instances.\n{DEMO_PLANS[first].text(port)}"
    replace_private(folder / FLEET_PLAN, fleet)
    kept = tuple(name for name, plan in DEMO_PLANS.items() if not _is_ours(plan, _text(folder / name)))
    for name, plan in DEMO_PLANS.items():
        if name not in kept:
            plan_id = next(one for one in _ids(plan) if not has_ended(one))
            replace_private(folder / name, plan.text(port, plan_id))
    plan_ids = {name: _id_in(_text(folder / name), plan) for name, plan in DEMO_PLANS.items()}
    return Demo(folder, port, listener, plan_ids, kept)


def guide_lines(demo: Demo) -> list[str]:
    """What to type, in a second terminal."""
    green, red = (os.path.relpath(demo.folder / name) for name in DEMO_PLANS)
    moved, moves_not = (demo.plan_ids[name] for name in DEMO_PLANS)
    tenants, port = len(TENANTS), demo.port
    commands = [
        (typed("submit", green, "--wait"), "every tenant moves"),
        (typed("pause", moved), "while it runs: between two stages"),
        (typed("resume", moved), ""),
        (typed("submit", red, "--wait"), "two tenants fail"),
        (typed("explain", moves_not), "why, and what to type"),
        (f"curl -X POST http://127.0.0.1:{port}/mend", "what refused takes it now"),
        (typed("retry", moves_not, "--wait"), "and so they move"),
        (typed("rollback", moves_not, "--wait"), "all go back"),
    ]
    return [
        f"demo: {tenants} tenants, {2 * tenants} instances at http://127.0.0.1:{port}; try, in a second terminal here:",
        *(f"demo: {os.path.relpath(demo.folder / name)} was changed and is left as it is" for name in demo.kept),
        *(f"demo:   {command:<56} {words}".rstrip() for command, words in commands),
    ]


def is_free_port(host: str, port: int) -> bool:
    """Whether one could listen there now."""
    with contextlib.suppress(OSError), socket.create_server((host, port)):
        return True
    return False


def _text(path: Path) -> str:
    """Of a file; "" when there is none. One that is no text is somebody's all the same."""
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def _port_in(text: str) -> int | None:
    found = _PORT_IN_PLAN.search(text)
    return int(found[1]) if found and 0 < int(found[1]) < 65_536 else None


def _is_ours(plan: DemoPlan, text: str) -> bool:
    """Whether it is as it was written, for whatever port and number; or not there."""
    plan_id = _id_in(text, plan)
    is_numbered = re.fullmatch(rf"{plan.plan_id}(-\d+)?", plan_id) is not None
    return not text or (is_numbered and text == plan.text(_port_in(text) or PORT, plan_id))


def _id_in(text: str, plan: DemoPlan) -> str:
    found = _ID_IN_PLAN.search(text)
    return found[1] if found else plan.plan_id


def _ids(plan: DemoPlan) -> Iterator[str]:
    yield plan.plan_id
    yield from (f"{plan.plan_id}-{number}" for number in count(2))


def _hold(known: int | None) -> socket.socket:
    for port in (known, PORT):
        if port is not None:
            with contextlib.suppress(OSError):
                return listen_on(HOST, port)
    return hold_free_port()
