from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.evaluations import Evaluator


@pytest.fixture(scope="package")
def evaluator() -> Iterator[Evaluator]:
    with Evaluator() as made:
        yield made
