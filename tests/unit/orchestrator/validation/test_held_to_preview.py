"""A submit is held to its preview: a digest that was changed by hand is told from tenants that have moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.errors import InvalidInput, NotAllowed, TenantsMoved
from orchestrator.plans.preview_digest import PreviewDigest
from orchestrator.validation.submitting import _hold_to
from orchestrator.validation.what_is_left import SeenTenants

SEEN = PreviewDigest(1, "p" * 16, "a" * 32)


def found(now: PreviewDigest, *changed: str) -> SeenTenants:
    return SeenTenants({}, changed, frozenset(), now)


def test_what_moved_is_named_and_what_was_changed_by_hand_is_told_so() -> None:
    _hold_to(SEEN, found(SEEN))
    now = replace(SEEN, tenants="b" * 32)
    with pytest.raises(TenantsMoved, match="1 of its tenants"):
        _hold_to(SEEN, found(now, "acme"))
    with pytest.raises(InvalidInput, match="preview: it is not what a preview of this plan has printed"):
        _hold_to(SEEN, found(now))
    with pytest.raises(NotAllowed, match="who is left out as at the target is not whom the preview showed"):
        _hold_to(SEEN, found(replace(SEEN, tenants="a" * 16 + "b" * 16)))
