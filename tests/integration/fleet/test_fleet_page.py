"""The worked example of docs/fleet.md, as it stands there, with real processes and instances."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from orchestrator.client import Client
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import BROADCAST, CONFIG_WRITE, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

PAGE = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text().partition("## Waves")[0]
(HEAD,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CHECK = {"type": "health-check", "interval_seconds": 0.05, "max_attempts": 3}


def told() -> list[tuple[str, list[str]]]:
    """Each command of the page, and the lines that it is to say."""
    steps: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ changeover "):
                steps.append((line.removeprefix("$ changeover "), []))
            else:
                steps[-1][1].append(line)
    return steps


def test_the_worked_example_goes_as_the_page_says(
    client: Client, cluster: Cluster, instances: TenantInstances, place: Place, tmp_path: Path
) -> None:
    fleet: dict[str, Any] = yaml.safe_load(HEAD)
    tenants = [tenant(f"t{i}", instances, count=1, labels={"region": "eu" if i % 2 else "us"}) for i in range(40)]
    fleet |= {"stages": [{"name": "switch", "steps": [CONFIG_WRITE, BROADCAST, CHECK]}], "tenants": tenants}
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    instances.stubborn.update(f"t{i}/a" for i in (9, 11, 13))
    cluster.start(concurrency=8)

    def run(command: str, lines: list[str]) -> None:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        done = changeover(*words, environment=place.environment(), folder=tmp_path)
        for line in lines:
            assert line in done.stdout + done.stderr, f"{command}: {done.stdout}{done.stderr}"

    validate, gated, approve, tripped, retry, resume = told()
    run(*validate)
    assert changeover("submit", "fleet.yaml", environment=place.environment(), folder=tmp_path).returncode == 0
    wait_until(lambda: client.summary("fleet-1").waves[0].state == "GATED", 60)
    run(*gated)
    run(*approve)
    wait_until(lambda: client.summary("fleet-1").status == "PAUSED", 60)
    run(*tripped)
    instances.stubborn.clear()
    run(*retry)
    run(*resume)
    assert client.wait("fleet-1", timeout_seconds=60).counts == {"COMPLETED": 40}
