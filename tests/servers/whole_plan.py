"""A whole plan against servers of a test: stages that poll, a move back, and the history judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.history import check_history, read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.fault_world import SHORT
from tests.support.place import Place
from tests.support.plans import CONFIG_WRITE, noop_stage, plan, tenant
from tests.support.processes import run
from tests.support.waiting import wait_until

TENANTS = 8
STAGES = [
    {"name": "switch", "steps": [CONFIG_WRITE]},
    {"name": "waits", "steps": [{"type": "wait", "seconds": 0.3}]},
    noop_stage("last"),
]


def run_whole_plan(
    redis_url: str,
    broker_url: str,
    folder: Path,
    *,
    meanwhile: Callable[[], None] = lambda: None,
    admin_url: str | None = None,
) -> None:
    """``redis_url`` and ``broker_url`` as an operator gives them; ``meanwhile`` is called while the plan runs;
    ``admin_url`` reaches the ledger for the judgement."""
    place = Place(redis_url, broker_url)
    settings = Settings(
        namespace=place.namespace, redis_url=SecretStr(redis_url), broker_url=SecretStr(broker_url), max_retry=1
    )
    cluster = Cluster(place, folder, **SHORT)
    try:
        cluster.start(coordinators=2, workers=2)
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{i}") for i in range(TENANTS)], STAGES, 3))
            wait_until(lambda: client.summary("p").counts.get("COMPLETED", 0) >= 2, 60, cluster.logs())
            meanwhile()
            assert client.wait("p", timeout_seconds=90).counts == {"COMPLETED": TENANTS}, cluster.logs()
            client.rollback(plan_id="p")
            assert client.wait("p", timeout_seconds=90).counts == {"ROLLED_BACK": TENANTS}, cluster.logs()
            doctor = run(["doctor"], cluster.environment, None, 60)
            assert doctor.returncode == 0, doctor.stdout + doctor.stderr
            events = list(client.events())
        dump = read_dump(connect(admin_url or redis_url, patient=True), Keys(place.namespace))
        report = check_history(events, dump)
        assert report.holds, str(report)
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        cluster.stop()
