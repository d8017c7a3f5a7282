"""Every Celery setting of Changeover, each with its reason.

Messages are hints: Redis' ledger is the truth, its leases tell when a message was lost, and every copy of a message is
told apart by epoch, stage and turn. So the settings below aim at few losses, no duplicates made by Celery itself, and
workers that never need a person to come back.
"""

from __future__ import annotations

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.domain.lanes import lane_name
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.servers import find_servers

# `make_app` may have put others here than the environment's.
_settings: Final[Settings] = globals().get("_given") or load_settings()
_servers: Final = find_servers(_settings)

# --- broker ---------------------------------------------------------------------------------------------------------

broker_url = _servers.broker_url
# Keeps a worker alive when Redis drops while it holds messages; see workers/transport.py.
broker_transport = "workers.transport:Transport"
_redis_options: Final[dict[str, Any]] = {
    # Namespaces share a broker without seeing each other's queues, control messages or unacked tables.
    "global_keyprefix": f"changeover:{_settings.namespace}:",
    # Leases are seconds and recovery reads them; Celery must not duplicate what a lease still covers, so an hour.
    # It also bounds a countdown: the runner never asks for one longer than half of this.
    "visibility_timeout": 3600,
    # A half-open connection is noticed: without these two a worker gets nothing any more, for good.
    "socket_timeout": 10,
    "health_check_interval": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    # retry_on_timeout stays unset on purpose: it can replay a push.
    # One list a queue: stages have no priorities, and each step would add a key to every blocking pop.
    "priority_steps": [0],
    # Lanes are served in turn, so that a busy lane does not starve the others.
    "queue_order_strategy": "round_robin",
}
_rabbit_options: Final[dict[str, Any]] = {
    # A message is the broker's only once it says so; without this one that is refused is lost without a word.
    "confirm_publish": True,
    "read_timeout": 10,
    "write_timeout": 10,
}
broker_transport_options: dict[str, Any] = _redis_options
if is_amqp(broker_url):
    _rabbit: Final = parse_amqp_url(broker_url)
    broker_url = _rabbit.plain
    broker_transport = "workers.amqp_transport:RabbitTransport"
    broker_transport_options = _rabbit_options
    if _rabbit.tls is not None:
        broker_use_ssl = _rabbit.tls
elif urlsplit(broker_url).scheme == "rediss":
    # kombu's default for rediss:// is no verification at all.
    broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
elif urlsplit(broker_url).scheme == "unix":
    broker_transport = "workers.transport:SocketTransport"
# None is for ever (0 would mean never): a worker outlives any outage of its broker.
broker_connection_max_retries = None
broker_connection_retry_on_startup = True
# A full Redis answers with an error on the channel; without this the worker dies of it.
broker_channel_error_retry = True
# Each prefork child of a lost connection would go on with a stage that another copy may start; the ledger fences that,
# so running stages are left to finish.
worker_cancel_long_running_tasks_on_connection_loss = False

# --- messages -------------------------------------------------------------------------------------------------------

# JSON only: nothing that arrives can run code.
task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]
# The chain is in a field that protocol 1 lacks.
task_protocol = 2
# State is in the ledger; results would cost half of the throughput.
task_ignore_result = True
result_backend = None
# The message is gone only when the turn is over, so a worker that stops cleanly hands back what it holds.
task_acks_late = True
# A killed prefork child's message goes back to the queue; the copy is told apart by its turn.
task_reject_on_worker_lost = True
# The next link of a chain is published inside the worker; three tries in half a second would lose it in any failover.
# A number, not None: for links, None is capped at 3.
task_publish_retry = True
task_publish_retry_policy = {"max_retries": 60, "interval_start": 0, "interval_step": 0.2, "interval_max": 2}
task_default_queue = lane_name(0)
task_create_missing_queues = True


def route_stage(
    name: str, args: Any, kwargs: Any, options: dict[str, Any], task: Any = None, **_: Any
) -> dict[str, str] | None:
    """A stage goes to the lane of its tenant, which the dispatcher wrote into the message's headers."""
    lane = (options.get("headers") or {}).get("lane")
    return None if lane is None else {"queue": lane_name(lane)}


# Explicit queues (of a retry) win over the route, and name the same lane.
task_routes = (route_stage,)

# --- worker ---------------------------------------------------------------------------------------------------------

# One message in hand a slot: what a worker holds is what others cannot have.
worker_prefetch_multiplier = 1
# A poll between two turns is a countdown held by the worker: a limit here would also stop immediate messages behind it.
worker_eta_task_limit = None
# Our own logging: one short line a stage, JSON or console, with its context.
worker_hijack_root_logger = False
worker_redirect_stdouts = False
# Off unless asked with -E, since each event costs; Flower turns them on.
worker_send_task_events = False
# Flower then also sees what waits.
task_send_sent_event = False
# For Flower's pages. Only what looks is obeyed (workers/remote_control.py): whoever can publish on the broker's server
# could else stop every worker. Who is alive is told by presence in the ledger, not by Celery's mingle and gossip.
worker_enable_remote_control = True
timezone = "UTC"
enable_utc = True
imports = ("workers.tasks",)
