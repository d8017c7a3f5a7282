"""What one worker process shares between its tasks; made at first use, so after the fork of a prefork child."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from celery import Celery, current_app
from redis import Redis

from orchestrator.broker.rounds import publish_round
from orchestrator.domain.lanes import is_lane
from orchestrator.ledger.awaited import Awaited
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.leg_names import LegNames
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Turn
from orchestrator.observability.tracing import start_tracing, stop_tracing
from orchestrator.secrets.masking import redact
from orchestrator.secrets.references import Secrets
from orchestrator.settings.checkpoint_store import open_store
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.installed_steps import installed_sources, installed_steps
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.permissions import secret_scopes, server_place
from orchestrator.settings.servers import find_servers
from orchestrator.stages.reach import Limits
from orchestrator.stages.rollback_strategy import load_strategy
from orchestrator.stages.stage_factory import StageFactory
from steps import (
    AllowedHosts,
    HttpPool,
    InstanceList,
    Instances,
    RedisTarget,
    WritableKeys,
)
from workers.checkpoints import LedgerCheckpoints, StoreCheckpoints, TaskCheckpoints
from workers.connections import Connections
from workers.continuation import Continuation
from workers.failed_rows import FailedRows
from workers.lease_keeper import LeaseKeeper
from workers.looks import Looker
from workers.middleware import load_chain
from workers.next_link import FailedStage
from workers.own_queue import entity_of
from workers.patience import patiently_stored
from workers.plan_cache import PlanCache
from workers.poll_rounds import PollRounds
from workers.round_runner import RoundRunner
from workers.run_ahead import RunAhead, lanes_text
from workers.shown_polls import ShownPolls
from workers.stage_runner import StageRunner
from workers.step_times import StepTimes
from workers.stop_flag import StopFlag
from workers.task_events import TASK_EVENTS, send_failed
from workers.tracing import SharedTracedHttp, TracingMiddleware
from workers.turn_run import StepResources
from workers.unable import Peers

_lock = threading.Lock()
_stopping = StopFlag()
_is_alone = False
_times: list[StepTimes] = []
_rounds: list[PollRounds] = []
_round_runners: list[RoundRunner] = []
_failed_rows: list[FailedRows] = []
_shared_store: ContainedStore | None = None
_queues: frozenset[str] | None = None
_main_pid: int | None = None
_node_name: str | None = None


def runner() -> StageRunner:
    """The runner of this process."""
    with _lock:
        return _make_runner(os.getpid())


def looker() -> Looker:
    """Who looks at tenants and asks gates in this process."""
    with _lock:
        return _make_looker(os.getpid())


def continuation() -> Continuation:
    """How the messages of this process go on."""
    with _lock:
        return _make_continuation(os.getpid())


def rounds() -> RoundRunner:
    """Who runs the poll rounds of this process."""
    with _lock:
        return _make_round_runner(os.getpid())


def note_worker(node_name: str, queues: frozenset[str]) -> None:
    """Celery's name of this worker, and the queues that it consumes; all lanes if it is not said. Called in its main
    process."""
    global _queues, _main_pid, _node_name
    _queues, _main_pid, _node_name = queues, os.getpid(), node_name
    # Its pool is forked from here.
    _stopping.share()


def share_store(store: ContainedStore | None) -> None:
    """This process is all there is: it may keep checkpoints in its memory, and this is the store that has them."""
    global _is_alone, _shared_store
    _is_alone, _shared_store = True, store


def is_alone() -> bool:
    """Whether coordinator and worker are this one process."""
    return _is_alone


def stop() -> None:
    """Turns of this worker, in all processes of its pool, are handed back at their next step or stage, those that begin
    later included."""
    _stopping.set_everywhere()


def leave() -> None:
    """No stage runs in a slot of this process any more: polls are handed on, counts go to the ledger, spans where they
    go."""
    while _round_runners:
        _round_runners.pop().stop()
    while _rounds:
        _rounds.pop().stop()
    while _failed_rows:
        _failed_rows.pop().stop()
    stop_tracing()
    while _times:
        _times.pop().stop()


def _kept_times(ledger: Ledger) -> StepTimes:
    # Those of a parent before the fork are its own.
    _times[:] = [StepTimes(ledger)]
    return _times[0]


@lru_cache(maxsize=1)
def _make_runner(pid: int) -> StageRunner:
    settings, client = load_settings(), _make_client(pid)
    servers = find_servers(settings)
    ledger = Ledger(client, settings)
    tracing = start_tracing(settings)
    reader = Reader(client, ledger.keys)
    resources = make_resources(settings, servers.redis_url)
    # As the worker's presence has it, also in a process of its pool.
    host, main_pid = socket.gethostname(), _main_pid or pid
    return StageRunner(
        ledger=ledger,
        plans=PlanCache(reader, StageFactory(installed_steps(), settings)),
        keeper=LeaseKeeper(ledger, settings.renew_seconds),
        resources=replace(resources, http=SharedTracedHttp(resources.http)) if tracing else resources,
        worker=f"{host}:{main_pid}",
        stopping=_stopping,
        strategy=load_strategy(settings.rollback_strategy),
        checkpoints=_checkpoints(settings),
        middlewares=load_chain(settings, [TracingMiddleware(settings, tracing)] if tracing else ()),
        times=_kept_times(ledger),
        ahead=_ahead(settings),
        peers=Peers(reader, host, main_pid, settings.lanes),
    )


@lru_cache(maxsize=1)
def _make_looker(pid: int) -> Looker:
    settings, client = load_settings(), _make_client(pid)
    ledger = Ledger(client, settings)
    return Looker(
        Awaited(ledger),
        Operations(ledger),
        PlanCache(Reader(client, ledger.keys), StageFactory(installed_steps(), settings)),
        make_resources(settings, find_servers(settings).redis_url),
        load_strategy(settings.rollback_strategy),
    )


@lru_cache(maxsize=1)
def _make_continuation(pid: int) -> Continuation:
    settings = load_settings()
    # Those of a parent before the fork are its own.
    _rounds[:] = [PollRounds(_publish_round, settings.lanes)]
    _failed_rows[:] = [FailedRows(_send_failed, lambda: TASK_EVENTS.are_on)]
    return Continuation(_own_app(), _make_leg_names(pid), settings.lanes, _rounds[0], _failed_rows[0].add)


@lru_cache(maxsize=1)
def _make_leg_names(pid: int) -> LegNames:
    return LegNames(Reader(_make_client(pid), Keys(load_settings().namespace)))


@lru_cache(maxsize=1)
def _make_round_runner(pid: int) -> RoundRunner:
    settings = load_settings()
    ledger, go_on = Ledger(_make_client(pid), settings), _make_continuation(pid).go_on
    shown = ShownPolls(Reader(ledger.client, ledger.keys), _make_leg_names(pid))
    one = RoundRunner(_make_runner(pid), ledger, go_on, _publish_round, _stopping, settings.renew_seconds, shown=shown)
    _round_runners[:] = [one]
    return one


def _own_app() -> Celery:
    # Threads of ours ask too, to whom the proxy would give another.
    app: Celery = current_app._get_current_object()
    return app


def _publish_round(queue: str, turns: Sequence[Turn], due_ms: int | None, shown: Sequence[str]) -> None:
    publish_round(_own_app(), queue if is_lane(queue) else entity_of(queue), turns, due_ms, shown)


def _send_failed(stages: Sequence[FailedStage]) -> None:
    send_failed(_own_app(), _node_name or socket.gethostname(), stages)


@lru_cache(maxsize=1)
def _make_client(pid: int) -> Redis:
    settings = load_settings()
    return connect(
        find_servers(settings).redis_url, patient=True, replicas=settings.redis, namespace=settings.namespace
    )


def _ahead(settings: Settings) -> RunAhead | None:
    if not settings.run_ahead:
        return None
    lanes = "" if _queues is None else lanes_text(_queues, settings.lanes)
    return RunAhead(settings.run_ahead_seconds, lanes)


def make_resources(settings: Settings, redis_url: str) -> StepResources:
    """What steps work with, as the settings say. Nothing connects before it is used."""
    lists = {name: InstanceList(tuple(one.urls), one.fallback) for name, one in settings.instances.items()}
    hosts = AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback)
    return StepResources(
        target=RedisTarget(connect(redis_url, patient=False), redact(redis_url), own_ledger=True),
        http=HttpPool(hosts=hosts),
        targets=Connections(settings.connections),
        instances=Instances(lists, installed_sources()),
        secrets=Secrets(settings.secrets_dir),
        limits=make_limits(settings, redis_url),
        most_output=settings.checkpoint.size_limit_bytes,
    )


def make_limits(settings: Settings, redis_url: str) -> Limits:
    """What steps may do with it."""
    urls = {name: one.url.get_secret_value() for name, one in settings.connections.items()}
    places: dict[str | None, tuple[str, int]] = {None: server_place(redis_url)}
    places |= {name: server_place(url) for name, url in urls.items()}
    return Limits(WritableKeys(settings.writable_keys), secret_scopes(settings), places)


def _checkpoints(settings: Settings) -> TaskCheckpoints:
    store = _shared_store or open_store(settings)
    if store is None:
        return LedgerCheckpoints(settings.checkpoint.size_limit_bytes)
    return StoreCheckpoints(store, patiently_stored)
