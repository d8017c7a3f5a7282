"""``python -m workers worker|flower ...``: Celery's own commands on our application, whatever folder they run in.

``celery -A workers.app`` would put the current folder first on the module path, where a user may have a ``workers``
of their own.
"""

from __future__ import annotations

import sys

# Loaded here, with all that it needs: Celery would load it with the current folder first on the path.
import workers.tasks  # noqa: F401
from orchestrator.domain.lanes import lane_names
from orchestrator.settings.model import load_settings
from workers.app import app


def main(arguments: list[str]) -> None:
    """Runs ``worker`` or ``flower`` with these options; a worker consumes all lanes unless ``-Q`` names some."""
    if arguments[:1] == ["worker"]:
        # Workers know each other from the ledger's presence: what they would tell each other is not listened to.
        arguments = [*arguments, "--without-mingle", "--without-gossip"]
        if not any(option.startswith(("-Q", "--queues")) for option in arguments):
            arguments = [*arguments, "--queues", ",".join(lane_names(load_settings().lanes))]
    app.start(argv=arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
