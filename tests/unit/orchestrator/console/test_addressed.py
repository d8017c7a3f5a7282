"""Ids in addresses that can be nobody's."""

from __future__ import annotations

import pytest
from starlette.convertors import CONVERTOR_TYPES

from orchestrator.console.addressed import LONGEST
from orchestrator.domain.errors import NotFound


@pytest.mark.parametrize("text", ["a" * 129, "-a", "a b", "a%2Fb", "\u0663", "a\n", "a" * 60_000])
def test_what_is_no_plans_id_is_not_found_before_anybody_is_asked(text: str) -> None:
    with pytest.raises(NotFound) as told:
        CONVERTOR_TYPES["plan"].convert(text)
    assert len(str(told.value)) < 300


def test_ids_that_there_can_be() -> None:
    assert CONVERTOR_TYPES["plan"].convert("blue-to_green.1") == "blue-to_green.1"
    assert CONVERTOR_TYPES["id"].convert("eu%2Facme") == "eu/acme"
    with pytest.raises(NotFound):
        CONVERTOR_TYPES["id"].convert("a" * (LONGEST + 1))
