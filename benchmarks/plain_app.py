"""The yardstick: the same broker, reliability settings and worker count on Celery's own transport; tasks do nothing."""

from __future__ import annotations

from celery import Celery

app = Celery("plain")
app.config_from_object("celeryconfig")
app.conf.imports = ()
app.conf.broker_transport = "redis"
app.conf.task_routes = None
app.conf.worker_hijack_root_logger = True


@app.task(name="plain.noop")
def noop() -> None:
    """Nothing."""
