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
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

PAGE = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text().partition("## Waves")[0]
(HEAD,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE = Path(__file__).parents[3] / "examples" / "fleet-of-40.yaml"


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
    fleet: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    assert yaml.safe_load(HEAD) == {name: fleet[name] for name in fleet if name not in ("stages", "tenants")}
    assert "examples/fleet-of-40.yaml" in PAGE
    # The instances of the suite, which are asked more often.
    fleet["stages"][0]["steps"][-1] |= {"interval_seconds": 0.05, "max_attempts": 3}
    for one in fleet["tenants"]:
        one["network_endpoints"][0]["value"] = instances.url(one["tenant_id"], "a")
        instances.stubborn.update(f"{one['tenant_id']}/{key}" for key in one.get("variables", {}).get("refuses", ()))
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    assert instances.stubborn == {f"t{i}/a" for i in (9, 11, 13)}
    cluster.start(concurrency=8)

    def run(command: str, lines: list[str]) -> None:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        done = changeover(*words, environment=place.environment(), folder=tmp_path)
        for line in lines:
            assert line in (done.stdout + done.stderr).splitlines(), f"{command}: {done.stdout}{done.stderr}"

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
