"""``python -m workers worker|flower ...``: Celery's own commands on our application, whatever folder they run in.

``celery -A workers.app`` would put the current folder first on the module path, where a user may have a ``workers``
of their own.
"""

from __future__ import annotations

import sys

from celery import maybe_patch_concurrency


def main(arguments: list[str]) -> None:
    """Runs ``worker`` or ``flower`` with these options; a worker consumes all lanes unless ``-Q`` names some."""
    # Celery's own entry does this: a gevent worker whose sockets and threads are not gevent's hears nothing. It has to
    # come before anything else is loaded, so the rest is loaded after it.
    maybe_patch_concurrency(["celery", *arguments])

    # Loaded here, with all that it needs: Celery would load it with the current folder first on the path.
    import workers.tasks  # noqa: F401
    from orchestrator.domain.errors import ChangeoverError, error_lines
    from orchestrator.domain.lanes import lane_names
    from orchestrator.domain.printable import printable
    from orchestrator.observability.logs import configure_logs
    from orchestrator.settings.model import load_settings
    from workers import metrics_options, single_process, worker_metrics
    from workers.app import app

    try:
        arguments, metrics = metrics_options.taken_out(arguments)
        if single_process.OPTION in arguments:
            arguments = single_process.arrange(arguments, metrics)
        elif metrics is not None:
            worker_metrics.serve(metrics)
    except ChangeoverError as error:
        sys.stderr.writelines(f"{printable(line)}\n" for line in error_lines(error))
        raise SystemExit(error.exit_code) from error
    settings = load_settings()
    # Before Celery's command, which warns of being root first of all, and before Flower sets up its own, which it does
    # only where nobody has.
    configure_logs(settings)
    if arguments[:1] == ["worker"]:
        # Workers know each other from the ledger's presence: what they would tell each other is not listened to.
        arguments = [*arguments, "--without-mingle", "--without-gossip"]
        if not any(option.startswith(("-Q", "--queues")) for option in arguments):
            arguments = [*arguments, "--queues", ",".join(lane_names(settings.lanes))]
    app.start(argv=arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
