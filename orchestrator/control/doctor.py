"""Looks the installation over: servers, processes, what is overdue; says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import redis

from orchestrator.control.answers import Check, Diagnosis
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.presence import ALIVE_SECONDS
from orchestrator.ledger.reader import LeaseKind, Reader
from orchestrator.ledger.refusals import BROKER_VARIABLE
from orchestrator.ledger.server_state import memory_text
from orchestrator.ledger.shared_settings import differences, shared_settings
from orchestrator.secrets.masking import redact
from orchestrator.secrets.references import Secrets
from orchestrator.settings.model import Settings
from orchestrator.settings.permissions import secret_scopes
from orchestrator.settings.servers import Servers

NEARLY_FULL: Final = 0.9
"""The share of its memory above which a server is not well."""
SHOWN: Final = 20
"""How many damaged plans are named."""
OVERDUE_MS: Final = 2000
"""A lease that ran out less than this ago is still a coordinator's next sweep's."""


def examine(settings: Settings, servers: Servers) -> Diagnosis:
    """Every check, in order. Raises ``Unreachable`` when state or broker does not answer."""
    client = connect(servers.redis_url, patient=False)
    broker = connect(servers.broker_url, patient=False)
    try:
        checks: list[Check] = []
        with translate_errors(servers.redis_url):
            checks += _server("state", client, servers.redis_url)
        with translate_errors(servers.broker_url, BROKER_VARIABLE):
            checks += _server("broker", broker, servers.broker_url)
        with translate_errors(servers.redis_url):
            reader = Reader(client, Keys(settings.namespace))
            checks += _processes(reader, settings)
            checks += _overdue(reader)
            checks += _repairs(reader)
            checks += _damage(reader)
        checks += _permissions(settings)
    finally:
        client.close()
        broker.close()
    return Diagnosis(healthy=all(check.good for check in checks), checks=checks)


def _server(name: str, client: redis.Redis, url: str) -> Iterator[Check]:
    server, persistence = cast(Any, client.info("server")), cast(Any, client.info("persistence"))
    memory = cast(Any, client.info("memory"))
    is_one = server.get("redis_mode") != "cluster"
    finding = f"Redis {server['redis_version']} at {redact(url)}"
    finding += "" if is_one else ": a node of a Redis Cluster; give a server without cluster mode"
    yield Check(name=f"{name} server", good=is_one, finding=finding)
    if name == "state":
        yield _persistence(persistence)
    yield _memory(name, int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0)))
    policy = memory.get("maxmemory_policy", "noeviction")
    keeps = policy == "noeviction" or not memory.get("maxmemory")
    finding = f"maxmemory-policy {policy}" + ("" if keeps else ": Redis may drop what is needed; set `noeviction`")
    yield Check(name=f"{name} eviction", good=keeps, finding=finding)


def _persistence(found: Mapping[str, Any]) -> Check:
    finding = "on"
    if found.get("aof_enabled") != 1:
        finding = "off: a restart of Redis loses all plans; set `appendonly yes`"
    elif found.get("aof_last_write_status", "ok") != "ok":
        finding = "its last write failed: see the log of Redis, and the space on its disk"
    return Check(name="append-only file", good=finding == "on", finding=finding)


def _memory(name: str, used: int, limit: int) -> Check:
    full = bool(limit) and used > limit * NEARLY_FULL
    finding = f"{memory_text(used, limit)} used" + ("" if limit else ", no limit")
    if full:
        finding += ": a full Redis takes no writes and nothing moves; raise its maxmemory"
    return Check(name=f"{name} memory", good=not full, finding=finding)


def _processes(reader: Reader, settings: Settings) -> Iterator[Check]:
    found = reader.processes()
    live = [process for process in found if process.age_seconds <= ALIVE_SECONDS]
    coordinators = sum(process.role == "coordinator" for process in live)
    finding = f"{coordinators} alive" if coordinators else "none is alive; start one with `changeover coordinator`"
    yield Check(name="coordinators", good=coordinators > 0, finding=finding)
    workers = [process for process in live if process.role == "worker"]
    consumed = {queue for process in workers for queue in process.queues}
    missing = [name for name in lane_names(settings.lanes) if name not in consumed]
    finding = f"{len(workers)} alive"
    if missing:
        finding += f"; nobody consumes {', '.join(missing)}: start one with `changeover worker`"
    yield Check(name="workers", good=not missing, finding=finding)
    for process in workers:
        if process.silent_seconds >= settings.deaf_seconds:
            silence = f"connected but silent for {process.silent_seconds:.0f} s"
            finding = f"{silence}; it ends itself, its supervisor starts another"
            yield Check(name=f"worker {process.host}:{process.pid}", good=False, finding=finding)
    shared = reader.shared_settings()
    for process in live:
        if others := differences(process.settings, shared):
            finding = f"{'; '.join(others)}: the coordinators' settings hold; give all processes the same"
            yield Check(name=f"settings of {process.role} {process.host}:{process.pid}", good=False, finding=finding)
    if others := differences(shared_settings(settings), shared):
        finding = f"{'; '.join(others)}: what this shell says changes nothing"
        yield Check(name="settings of this shell", good=True, finding=finding)
    for process in found:
        if process.age_seconds > ALIVE_SECONDS:
            finding = f"no sign for {process.age_seconds:.0f} s; if it still runs it is frozen: restart it"
            yield Check(name=f"{process.role} {process.host}:{process.pid}", good=False, finding=finding)


def _overdue(reader: Reader) -> Iterator[Check]:
    kinds: list[tuple[LeaseKind, str]] = [
        ("running", "their workers gave no sign"),
        ("queued", "their messages wait or are lost"),
    ]
    for kind, meaning in kinds:
        count = reader.overdue_leases(kind, OVERDUE_MS)
        finding = "none" if not count else f"{count} tasks: {meaning}; a coordinator takes them up"
        # A backlog is no fault: its messages are published again, and wait.
        yield Check(name=f"overdue {kind} leases", good=not count or kind == "queued", finding=finding)


def _repairs(reader: Reader) -> Iterator[Check]:
    repairs, recoveries = reader.repairs_and_recoveries()
    finding = "none" if not repairs else f"{repairs}: see `reconciler-repair` in a coordinator's log"
    yield Check(name="reconciler repairs", good=not repairs, finding=finding)
    yield Check(name="recoveries", good=True, finding=f"{recoveries} stages were taken over from lost workers")


def _permissions(settings: Settings) -> Iterator[Check]:
    """What plans may do that nobody limited. No fault: an installation of one team may mean it so."""
    open_to_all = secret_scopes(settings).unscoped(Secrets(settings.secrets_dir).names())
    finding = "each that is known here has a scope"
    if open_to_all:
        named = ", ".join(open_to_all[:10]) + (", ..." if len(open_to_all) > 10 else "")
        finding = (
            f"{len(open_to_all)} without a scope ({named}): any plan may read and send them; see the setting secrets"
        )
    yield Check(name="secrets", good=True, finding=finding)
    finding = ", ".join(settings.writable_keys or ()) or "any plan may write any key; see the setting writable_keys"
    if settings.writable_keys == []:
        finding = "steps may write none"
    yield Check(name="writable keys", good=True, finding=finding)


def _damage(reader: Reader) -> Iterator[Check]:
    for plan_id, wrong in reader.damaged_plans()[:SHOWN]:
        finding = f"{wrong}: a hand in the data? It is passed by until its record is mended"
        yield Check(name=f"plan {plan_id}", good=False, finding=finding)
    for plan_id, at in reader.lost_plans()[:SHOWN]:
        finding = f"its record was gone; taken out at {at:%Y-%m-%d %H:%M:%S} UTC, its tenants are free: submit it again"
        yield Check(name=f"plan {plan_id}", good=False, finding=finding)
