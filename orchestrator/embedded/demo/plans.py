"""The plans of the demo, as files that a newcomer can read, submit and change."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = "demo"
"""In the data folder of ``changeover up``."""

PORT: Final = 9001
"""Where the fleet listens if it is free: README's first plan names it."""

TENANTS: Final = (
    *("acme", "birch", "cobalt", "delta", "ember", "falcon"),
    *("garnet", "harbor", "indigo", "juniper", "krypton", "lumen"),
)
REFUSING: Final = frozenset({"falcon", "juniper"})
"""Their second instance does not take the version of ``red.yaml`` until it is mended."""

_PORT_IN_PLAN: Final = re.compile(r"http://127\.0\.0\.1:(\d+)/acme/")

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

    def text(self, port: int) -> str:
        """The plan file."""
        (old_unit, old_name, old), (unit, name, version) = self.old, self.new
        head = f"# {self.about}\nplan_id: {self.plan_id}\nname: {old_name.title()} to {name}\n"
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
    """Where the plan files are, and where the fleet listens."""

    folder: Path
    port: int

    @property
    def fleet_plan(self) -> Path:
        """The plan whose endpoints are the whole fleet's."""
        return self.folder / next(iter(DEMO_PLANS))

    def is_there(self) -> bool:
        """Whether the fleet listens."""
        return not is_free_port("127.0.0.1", self.port)


def write_demo_plans(data_dir: Path) -> Demo:
    """Write the plan files of the demo, and find its port.

    A port that plans of this folder were written for before goes first: tenants that they moved go back to it.
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    first = folder / next(iter(DEMO_PLANS))
    port = next(one for one in _ports(first) if is_free_port("127.0.0.1", one))
    for name, plan in DEMO_PLANS.items():
        (folder / name).write_text(plan.text(port))
    return Demo(folder, port)


def guide_lines(demo: Demo) -> list[str]:
    """What to type, in a second terminal."""
    green, red = (os.path.relpath(demo.folder / name) for name in DEMO_PLANS)
    count, port = len(TENANTS), demo.port
    commands = [
        (f"changeover submit {green} --wait", "every tenant moves"),
        ("changeover pause demo-green", "while it runs: between two stages"),
        ("changeover resume demo-green", ""),
        (f"changeover submit {red} --wait", "two tenants fail"),
        ("changeover explain demo-red", "why, and what to type"),
        (f"curl -X POST http://127.0.0.1:{port}/mend", "what refused takes it now"),
        ("changeover retry demo-red --wait", "and so they move"),
        ("changeover rollback demo-red --wait", "all go back"),
    ]
    return [
        f"demo: {count} tenants, {2 * count} instances at http://127.0.0.1:{port}; try, in a second terminal here:",
        *(f"demo:   {command:<56} {words}".rstrip() for command, words in commands),
    ]


def is_free_port(host: str, port: int) -> bool:
    """Whether one could listen there now."""
    with contextlib.suppress(OSError), socket.create_server((host, port)):
        return True
    return False


def _ports(first: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        if known := _PORT_IN_PLAN.search(first.read_text()):
            yield int(known[1])
    yield PORT
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        yield port
