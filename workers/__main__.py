"""``python -m workers worker|flower ...``: Celery's own commands on our application, whatever folder they run in.

``celery -A workers.app`` would put the current folder first on the module path, where a user may have a ``workers``
of their own.
"""

from __future__ import annotations

import sys

from workers.app import main

if __name__ == "__main__":
    main(sys.argv[1:])
