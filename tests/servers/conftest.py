"""Only for ``make test-servers``: each test starts servers of its own."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "CHANGEOVER_TEST_SERVERS" not in os.environ:
        skip = pytest.mark.skip(reason="starts servers that not every machine has; make test-servers")
        for item in items:
            if item.path.parent.name == "servers":
                item.add_marker(skip)
