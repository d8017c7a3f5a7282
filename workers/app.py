"""The Celery application of the workers: ``celery -A workers.app worker`` and ``changeover worker`` both run this."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from celery import signals
from celery.exceptions import OperationalError
from celery.platforms import EX_FAILURE
from celery.worker import state
from redis.exceptions import RedisError

from orchestrator.background.pulse import Pulse
from orchestrator.background.stop_request import StopRequest
from orchestrator.broker.app import make_app
from orchestrator.broker.watch import BrokerWatch
from orchestrator.control.mistakes import Mistakes
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.connection import connect, require_entry
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence
from orchestrator.ledger.refusals import BROKER_VARIABLE, STATE_VARIABLE
from orchestrator.ledger.server_state import require_one_server
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.checkpoint_store import require_store
from orchestrator.settings.connection_files import require_connection_files
from orchestrator.settings.installed_steps import installed_steps
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers
from orchestrator.stages.rollback_strategy import load_strategy
from steps.registry import BUILT_IN
from workers import runtime, signal_words
from workers.broker_lines import thin_broker_lines
from workers.canary import CANARY
from workers.in_hand import InHand
from workers.ledger_time import LEDGER_TIME
from workers.middleware import load_chain
from workers.own_queue import consume_own_queue
from workers.remote_control import restrict
from workers.start_options import wrong_options
from workers.start_signals import ends_process
from workers.waiting_turns import take_waiting_turns
from workers.watchdog import SILENCE, Watchdog, ends_itself

JOIN_SECONDS: Final = 10.0
"""How long the end of a worker waits until it has withdrawn what it announced; the ledger does without."""

_log = structlog.get_logger(__name__)

app = make_app()
restrict()

_pulse: list[Pulse] = []
_presence: list[Presence] = []
_in_hand: list[InHand] = []
_watchdog: list[Watchdog] = []
_broker: list[BrokerWatch] = []


@signals.setup_logging.connect
@ends_process
def _set_up_logging(**_: Any) -> None:
    # Connected, so that Celery leaves logging to us.
    settings = load_settings()
    configure_logs(settings)
    thin_broker_lines(find_servers(settings).broker_url)


@signals.celeryd_init.connect
@ends_process
def check_settings(instance: Any, options: Mapping[str, Any], **_: Any) -> None:
    settings = load_settings()
    if problems := wrong_options(options, lane_names(settings.lanes)):
        raise InvalidInput(problems)
    if settings.log_format == "json":
        # Celery's banner on stdout is no line of a log.
        instance.quiet = True
        signal_words.shape()
    if not runtime.is_alone():
        require_store(settings)
    mistakes = Mistakes()
    with mistakes:
        require_connection_files(settings)
    with mistakes:
        load_strategy(settings.rollback_strategy)
    with mistakes:
        load_chain(settings)
    mistakes.tell()
    installed_steps()
    servers = find_servers(settings)
    require_one_server(servers.redis_url, STATE_VARIABLE)
    require_entry(servers.redis_url)
    require_one_server(servers.broker_url, BROKER_VARIABLE)


@signals.celeryd_after_setup.connect
@ends_process
def _note_worker(instance: Any = None, **_: Any) -> None:
    # Before a pool forks: its processes have no consumer to ask.
    runtime.note_worker(instance.hostname, frozenset(instance.app.amqp.queues.consume_from))


@signals.worker_process_init.connect
def _watch_pool_process(**_: Any) -> None:
    # A process of a prefork pool: it ends itself alone, and the pool makes another.
    _pulse[:] = [Pulse(load_settings().frozen_seconds, tells=False)]
    _pulse[0].start()


def _slots_of(consumer: Any) -> int:
    """Stages that the pool runs at a time."""
    known = consumer.pool.info.get("max-concurrency", 0)
    return known if isinstance(known, int) else 0


def _telling(broker: BrokerWatch) -> Callable[[], dict[str, Any]]:
    """What else this worker's presence tells."""
    knows = sorted(installed_steps().names())
    steps = sorted(set(knows) - {step.name for step in BUILT_IN})
    return lambda: {
        **broker.told(),
        "steps": steps,
        "knows": knows,
        "canary": CANARY.last,
        "busy": len(state.active_requests),
    }


@signals.celeryd_after_setup.connect
@ends_process
def _add_own_queue(instance: Any = None, **_: Any) -> None:
    consume_own_queue(instance)


@signals.worker_ready.connect
@ends_process
def _announce(sender: Any = None, **_: Any) -> None:
    _withdrawal.start()
    with _coming:
        _come(sender)


def _come(sender: Any) -> None:
    settings = load_settings()
    # Never stopped: what a stop waits for may freeze too.
    _pulse[:] = [Pulse(settings.frozen_seconds)]
    _pulse[0].start()
    url = find_servers(settings).redis_url
    client = connect(url, patient=True, replicas=settings.redis, namespace=settings.namespace)
    queues = tuple(sorted(queue.name for queue in sender.task_consumer.queues))
    ledger = Ledger(client, settings)
    in_hand = InHand(ledger, settings.renew_seconds, settings.heartbeat_seconds)
    in_hand.start()
    _in_hand.append(in_hand)

    def broker_answers() -> bool:
        # Over a connection of its own, made anew: the consumer's may be what is wrong. kombu follows a Sentinel.
        try:
            with app.connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0.1)
                return bool(connection.default_channel.client.ping())
        except (OperationalError, RedisError):
            return False

    def is_busy() -> bool:
        # All prefetched messages are in hand: then no reply is due. Without a channel there is nothing to be busy with.
        channel = getattr(sender.task_consumer, "channel", None)
        return channel is not None and not channel.qos.can_consume()

    if is_amqp(find_servers(settings).broker_url):
        # Such a broker and its client notice by heartbeats that the other is gone, and nothing is due in between.
        SILENCE.count_no_more()
    else:
        check = Watchdog(
            SILENCE,
            settings.deaf_seconds,
            is_busy=is_busy,
            connects=lambda: int(sender.restart_count),
            broker_answers=broker_answers,
        )
        check.start()
        _watchdog.append(check)
    # After the watchdog, which forgives what was silent before: a slow start is no silence to tell of.
    _broker.append(BrokerWatch(find_servers(settings).broker_url))
    _broker[-1].start()
    presence = Presence(
        ledger, "worker", queues, SILENCE.seconds, LEDGER_TIME.told, _slots_of(sender), _telling(_broker[-1])
    )
    presence.start()
    _presence.append(presence)
    try:
        take_waiting_turns(app, ledger, settings)
    except Exception:  # noqa: BLE001 - nobody knows what a hand may write, and no worker depends on it
        _log.exception("what waits for a worker like this one is left waiting", action="left-waiting")


def _withdraw() -> None:
    runtime.stop()
    # What announces itself is withdrawn when it has.
    with _coming:
        for started in (_watchdog, _in_hand, _presence, _broker):
            while started:
                started.pop().stop()


_coming: Final = threading.Lock()
_withdrawal: Final = StopRequest("withdrawal", _withdraw)


@signals.worker_shutting_down.connect
def _ask_to_withdraw(**_: Any) -> None:
    # In the handler of a process signal.
    _withdrawal.ask()


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def _leave(**_: Any) -> None:
    _withdrawal.join(JOIN_SECONDS)
    runtime.leave()


@signals.worker_shutdown.connect
def _leave_as_failed(sender: Any = None, **_: Any) -> None:
    # Celery ends with 0 after each clean stop, and a supervisor that restarts on failure would start no other.
    if ends_itself():
        sender.exitcode = EX_FAILURE
