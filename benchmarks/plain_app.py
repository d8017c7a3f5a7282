"""The yardstick: the same broker settings and worker count, and tasks that do nothing."""

from __future__ import annotations

from celery import Celery

app = Celery("plain")
app.config_from_object("celeryconfig")
app.conf.imports = ()
app.conf.task_routes = None
app.conf.worker_hijack_root_logger = True


@app.task(name="plain.noop")
def noop() -> None:
    """Nothing."""
