"""Looks the installation over: servers, processes, plans, what is overdue; says what is wrong and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

import redis

from orchestrator.control.answers import Check, Diagnosis
from orchestrator.control.doctor.consuming import consuming
from orchestrator.control.doctor.damage import as_far_as_it_goes, damage_rows, key_rows
from orchestrator.control.doctor.fleet import group_rows, pace_rows, wave_rows
from orchestrator.control.doctor.freezes import freeze_rows
from orchestrator.control.doctor.processes import process_rows
from orchestrator.control.doctor.releases import release_rows
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.doctor.servers import server, shown_clock, this_clock
from orchestrator.control.doctor.webhooks import webhook_rows
from orchestrator.control.explain.offers import Offers
from orchestrator.control.explain.scene import seconds_words
from orchestrator.control.worrying import ABANDONED_SECONDS, UNWRITTEN_SECONDS
from orchestrator.control.writing import look_at_writes
from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.domain.typed import typed
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.damaged_keys import damaged_keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.presence import ALIVE_SECONDS, GONE_SECONDS
from orchestrator.ledger.reader import LeaseKind, Reader
from orchestrator.ledger.refusals import BROKER_VARIABLE
from orchestrator.secrets.masking import redact
from orchestrator.secrets.references import Secrets
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.extensions import missing_extensions
from orchestrator.settings.model import Settings
from orchestrator.settings.permissions import secret_scopes
from orchestrator.settings.servers import Servers

SHOWN: Final = 20
"""How many drafts are named."""
OVERDUE_MS: Final = 2000
"""A lease that ran out less than this ago is still a coordinator's next sweep's."""


SIGNS: Final = frozenset(("clock", "settings", "presence"))
"""What a sign of life is written with."""


def examine(settings: Settings, servers: Servers) -> Diagnosis:
    """Every check, in order. Raises ``Unreachable`` when the state's server does not answer."""
    client = connect(servers.redis_url, patient=False, namespace=settings.namespace)
    try:
        checks: list[Check] = []
        with translate_errors(servers.redis_url):
            checks += server("state", client, servers.redis_url)
        checks += _broker(servers.broker_url)
        with translate_errors(servers.redis_url):
            checks += _ledger(client, settings, servers.redis_url)
        checks += _permissions(settings)
        checks += [
            check(Row.SETTINGS, one.path, f"{one.message}; no worker starts with {one.value}", good=False)
            for one in missing_extensions(settings)
        ]
    finally:
        client.close()
    return Diagnosis(healthy=all(one.good for one in checks), checks=checks)


def _ledger(client: redis.Redis, settings: Settings, url: str) -> Iterator[Check]:
    """What stands in it; with damaged keys, as far as can be seen without them."""
    ledger = Ledger(client, settings)
    reader, operations = Reader(client, ledger.keys), Operations(ledger)
    damaged = damaged_keys(client, ledger.keys)
    yield from key_rows(damaged)
    writes = look_at_writes(operations, url)
    # A question about no plan asks little; a verb looks at all that it may write to.
    stopped = any(one.stops_all for one in damaged)
    finding = "refused by what is damaged" if stopped else writes.refusal or "taken"
    yield check(Row.WRITES, "state writes", finding, good=not (stopped or writes.refusal))
    yield this_clock(reader.now().timestamp(), time.time())
    no_signs = writes.by_server or any(one.kind in SIGNS for one in damaged)
    processes = _unknown_processes() if no_signs else _processes(reader, settings)
    offers = Offers(operations, is_open=not writes.refusal)
    for name, rows in (
        ("time that is shown", shown_clock(reader)),
        ("processes", processes),
        ("leases", _overdue(reader)),
        ("repairs", _repairs(reader)),
        ("drafts", _drafts(reader)),
        ("freezes", freeze_rows(reader)),
        ("webhooks", webhook_rows(ledger, reader)),
        ("waves", wave_rows(reader)),
        ("groups", group_rows(reader)),
        ("pace", pace_rows(reader)),
        ("records", damage_rows(reader, offers, tasks=not writes.by_server)),
    ):
        yield from as_far_as_it_goes(name, rows, damaged)


def _broker(url: str) -> Sequence[Check]:
    try:
        if is_amqp(url):
            # Loaded here: other commands than this have no use for Celery.
            from orchestrator.broker.watch import ask_rabbit

            return [check(Row.SERVER, "broker server", f"RabbitMQ {ask_rabbit(url).version} at {redact(url)}")]
        with connect(url, patient=False) as client, translate_errors(url, BROKER_VARIABLE):
            return list(server("broker", client, url))
    except (Unreachable, InvalidInput) as error:
        # The other rows are of the ledger, which answers.
        return [check(Row.SERVER, "broker server", str(error), good=False)]


def _processes(reader: Reader, settings: Settings) -> Iterator[Check]:
    found = [process for process in reader.processes() if process.age_seconds <= GONE_SECONDS]
    live = [process for process in found if process.age_seconds <= ALIVE_SECONDS]
    yield from process_rows(reader, found, settings)
    yield from release_rows(reader, live, settings.lanes)
    yield from consuming(reader, live, settings)


def _unknown_processes() -> Iterator[Check]:
    """Whoever is well looks dead then, and must not be restarted for it."""
    for row, name in ((Row.COORDINATORS, "coordinators"), (Row.WORKERS, "workers")):
        yield check(row, name, "not known: while the ledger takes no writes nobody can give a sign of life")


def _overdue(reader: Reader) -> Iterator[Check]:
    kinds: list[tuple[LeaseKind, str]] = [
        ("running", "their workers gave no sign"),
        ("queued", "their messages wait or are lost"),
    ]
    for kind, meaning in kinds:
        count = reader.overdue_leases(kind, OVERDUE_MS)
        finding = "none" if not count else f"{count} tasks: {meaning}; a coordinator takes them up"
        # A backlog is no fault: its messages are published again, and wait.
        yield check(Row.LEASES, f"overdue {kind} leases", finding, good=not count or kind == "queued")


def _repairs(reader: Reader) -> Iterator[Check]:
    found = reader.put_right()
    finding = f"none in the last hour, {found.repairs} before" if found.repairs else "none"
    if found.lately:
        finding = f"{found.lately} in the last hour, {found.repairs} ever"
        finding += ": see `reconciler-repair` in a coordinator's log"
    # It is put right: what is told for ever is no finding, and hides the next one.
    yield check(Row.REPAIRS, "reconciler repairs", finding, good=not found.lately)
    yield check(Row.RECOVERIES, "recoveries", f"{found.recoveries} stages were taken over from lost workers")


def _drafts(reader: Reader) -> Iterator[Check]:
    cut_off = named = 0
    for plan_id, touched_ms in reader.drafts().items():
        seconds = (reader.now_ms() - touched_ms) / 1000
        if seconds < UNWRITTEN_SECONDS:
            continue
        is_cut_off = seconds >= ABANDONED_SECONDS
        cut_off, named = cut_off + is_cut_off, named + 1
        if named <= SHOWN:
            finding = f"nobody has written it for {seconds_words(seconds)}: if its submit has failed,"
            if is_cut_off:
                finding = f"its submit was cut off {seconds / 60:.0f} min ago:"
            finding += (
                f" submit the same plan again, or `{typed('purge', '--plan', plan_id)}`; after an hour it is deleted"
            )
            yield check(Row.DRAFTS, f"draft {plan_id}", finding, good=not is_cut_off)
    if not cut_off:
        yield check(Row.DRAFTS, "drafts", "none was cut off")


def _permissions(settings: Settings) -> Iterator[Check]:
    """What plans may do that nobody limited. No fault: an installation of one team may mean it so."""
    open_to_all = secret_scopes(settings).unscoped(Secrets(settings.secrets_dir).names())
    finding = "each that is known here has a scope"
    if open_to_all:
        named = ", ".join(open_to_all[:10]) + (", ..." if len(open_to_all) > 10 else "")
        finding = (
            f"{len(open_to_all)} without a scope ({named}): any plan may read and send them; see the setting secrets"
        )
    yield check(Row.PERMISSIONS, "secrets", finding)
    finding = ", ".join(settings.writable_keys or ()) or "any plan may write any key; see the setting writable_keys"
    if settings.writable_keys == []:
        finding = "steps may write none"
    yield check(Row.PERMISSIONS, "writable keys", finding)
