"""What of the shell's environment reaches the suite: of Changeover's variables those that the suite knows."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

KNOWN: Final = {
    "CHANGEOVER_TEST_BROWSER": "runs tests/browser (make test-browser)",
    "CHANGEOVER_TEST_CLOCK": "the file of a clock that is set by a test (tests/support/clock_shim.py)",
    "CHANGEOVER_TEST_DEPLOY": "runs tests/deploy (make test-deploy)",
    "CHANGEOVER_TEST_DOOR": "redis or console: through what clients work (tests/support/doors.py)",
    "CHANGEOVER_TEST_EXAMPLES": "write: the API's examples are made anew (make api-examples)",
    "CHANGEOVER_TEST_LONG": "runs what takes minutes (make test-long)",
    "CHANGEOVER_TEST_PLAIN": "starts each process by itself, without a fork server (tests/support/processes.py)",
    "CHANGEOVER_TEST_SEEDS": "seeds of the random histories, with commas (tests/support/seeds.py)",
    "CHANGEOVER_TEST_SERVERS": "runs tests/servers (make test-servers)",
    "CHANGEOVER_TEST_WALKS": "from:to of the random walks (tests/integration/ledger/test_random_walks.py)",
}


def forget_settings(environment: MutableMapping[str, str]) -> None:
    """Takes out the settings and secrets of whoever runs the suite, for it and for the processes that it starts."""
    for name in list(environment):
        if name.upper().startswith("CHANGEOVER_") and name not in KNOWN:
            del environment[name]
