"""The yardstick: the same broker, reliability settings and worker count on Celery's own transport; tasks do nothing."""

from __future__ import annotations

import os

from celery import Celery

RESULTS = "BENCHMARK_RESULTS"
"""Names the database for results; without it they are ignored, as Changeover's own are."""

app = Celery("plain")
app.config_from_object("celeryconfig")
app.conf.imports = ()
app.conf.broker_transport = "redis"
app.conf.task_routes = None
app.conf.worker_hijack_root_logger = True
if RESULTS in os.environ:
    app.conf.result_backend = os.environ[RESULTS]
    app.conf.task_ignore_result = False


@app.task(name="plain.noop")
def noop() -> None:
    """Nothing."""
