"""``python -m workers worker|flower ...``: Celery's own commands on our application, whatever folder they run in.

``celery -A workers.app`` would put the current folder first on the module path, where a user may have a ``workers``
of their own.
"""

from __future__ import annotations

import sys
from typing import Any

from celery import maybe_patch_concurrency, signals


def main(arguments: list[str]) -> None:
    """Runs ``worker`` or ``flower`` with these options; a worker consumes all lanes unless ``-Q`` names some."""
    # Celery's own entry does this: a gevent worker whose sockets and threads are not gevent's hears nothing. It has to
    # come before anything else is loaded, so the rest is loaded after it.
    maybe_patch_concurrency(["celery", *arguments])

    # Loaded here, with all that it needs: Celery would load it with the current folder first on the path.
    from celery.bin.celery import celery

    import workers.tasks  # noqa: F401
    from orchestrator.domain.lanes import lane_names
    from orchestrator.observability.logs import configure_logs
    from orchestrator.observability.refusals import refusal_lines
    from orchestrator.settings.model import load_settings
    from orchestrator.settings.servers import find_servers
    from workers import metrics_options, single_process, worker_metrics
    from workers.app import app
    from workers.broker_lines import thin_broker_lines
    from workers.start_options import require_foreground, start_refusal

    role, is_at_work = " ".join(arguments[:1]), [False]

    @signals.worker_ready.connect
    def ready(**_: Any) -> None:
        is_at_work[0] = True

    try:
        require_foreground(arguments)
        arguments, metrics = metrics_options.taken_out(arguments)
        settings = load_settings()
        # Before anything is said, by the server of the metrics first of all: before Celery's command, which warns of
        # being root, and before Flower sets up its own logs, which it does only where nobody has.
        configure_logs(settings)
        if single_process.OPTION in arguments:
            arguments = single_process.arrange(arguments, metrics)
        elif metrics is not None:
            worker_metrics.serve(metrics)
        if role == "flower":
            # A worker does so as Celery sets up its logging.
            thin_broker_lines(find_servers(settings).broker_url)
        if role == "worker":
            # Workers know each other from the ledger's presence: what they would tell each other is not listened to.
            arguments = [*arguments, "--without-mingle", "--without-gossip"]
            if not any(option.startswith(("-Q", "--queues")) for option in arguments):
                arguments = [*arguments, "--queues", ",".join(lane_names(settings.lanes))]
        celery.params[0].default = app
        # Not by ``app.start``: that forgets the exit code, and a worker that broke would end as one that was stopped.
        code = celery.main(args=arguments, standalone_mode=False)
    except Exception as error:
        if is_at_work[0]:
            raise
        told = start_refusal(error, arguments)
        sys.stderr.writelines(f"{line}\n" for line in refusal_lines(told))
        raise SystemExit(told.exit_code) from error
    sys.exit(code)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        # While it starts; once it is at work, Celery takes the signal.
        sys.exit(130)
