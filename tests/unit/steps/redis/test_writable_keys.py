"""Which keys a tenant's steps may write."""

from __future__ import annotations

import pytest

from steps import WritableKeys

KEYS = WritableKeys(["tenant_config:{tenant}", "svc-*:{tenant}:*", "{{tenant}}:config", "shared"])


@pytest.mark.parametrize(
    "key", ["tenant_config:a.b", "svc-gate-way:a.b:x.y", "svc-:a.b:", "{a.b}:config", "shared"]
)  # fmt: skip
def test_allowed(key: str) -> None:
    assert KEYS.refuse(key, "a.b") is None


@pytest.mark.parametrize(
    "key",
    [
        *("tenant_config:a.bc", "tenant_config:axb", "tenant_config:other", "svc-gateway:other:x", "x-svc-a:a.b:"),
        *("svc-x:other:a.b:x", "svc-gateway:a.b:x:y", "{other}:config", "shared2"),
        *("tenant_config:{tenant}", "tenant_config:a.b\n"),
    ],
)  # fmt: skip
def test_refused(key: str) -> None:
    reason = KEYS.refuse(key, "a.b")
    assert reason is not None
    assert "is not one that tenant 'a.b' may write: the setting allows tenant_config:{tenant}, svc-*" in reason


def test_an_id_is_no_pattern() -> None:
    assert KEYS.refuse("tenant_config:other", "*")
    assert KEYS.refuse("tenant_config:*", "*") is None
    assert WritableKeys(["x*:{tenant}"]).refuse("x:a.b", "..b")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [("svc-x:a", True), ("svc-x\ny:a", True), ("svc-x:ab", False), ("svc-x:a\n", False), ("svc_x:a", False),
     ("v1.x:a", True), ("v1_x:a", False)],
)  # fmt: skip
def test_a_star_is_any_text_and_all_else_is_as_written(key: str, allowed: bool) -> None:
    assert (WritableKeys(["svc-*:{tenant}", "v1.*:{tenant}"]).refuse(key, "a") is None) is allowed


@pytest.mark.parametrize(
    ("pattern", "tenant", "key", "allowed"),
    [
        ("svc:*:{tenant}", "a", "svc:gw:a", True),
        ("svc:*:{tenant}", "a", "svc:x:b:a", False),
        ("svc:*:{tenant}", "b:a", "svc:x:b:a", True),
        ("svc:{tenant}:*", "a", "svc:a:b", True),
        ("svc:{tenant}:*", "a", "svc:a:b:c", False),
        ("svc:{tenant}:*", "a:b", "svc:a:b:c", True),
        ("{tenant}:*.x", "a", "a:b:c.x", False),
        ("*:{tenant}.*", "a.*", "x:a.*.y", True),
        ("*:{tenant}.*", "a.*", "x:abc.y", False),
        ("*", "a", "any:thing\n", True),
    ],
)
def test_a_key_is_of_one_tenant(pattern: str, tenant: str, key: str, allowed: bool) -> None:
    assert (WritableKeys([pattern]).refuse(key, tenant) is None) is allowed


def test_no_key_takes_longer_than_its_length() -> None:
    """Each way to share the colons among the stars was once tried: hours."""
    assert WritableKeys(["svc:*:*:*:*:*:*:{tenant}", "*:{tenant}"]).refuse("svc:" + ":" * 100_000, "acme")


@pytest.mark.parametrize("pattern", ["a:**", "a:*{tenant}", "{tenant}*"])
def test_a_star_has_separators_beside_it(pattern: str) -> None:
    with pytest.raises(ValueError, match="expected a separator"):
        WritableKeys([pattern])


def test_an_empty_list_allows_nothing() -> None:
    assert WritableKeys([]).refuse("a", "a")


@pytest.mark.parametrize("key", ["tenant_config:acme", "acme", "{acme}:x", "cfg-acme", "acme2:acme"])
def test_a_key_that_names_its_tenant_is_not_warned_of(key: str) -> None:
    assert WritableKeys(None).warn(key, "acme") is None
    assert WritableKeys(None).refuse(key, "acme") is None


@pytest.mark.parametrize("key", ["tenant_config:acme2", "routes", "tenant_config:other", "xacme"])
def test_one_that_does_not_is(key: str) -> None:
    assert "does not name its tenant" in str(WritableKeys(None).warn(key, "acme"))
    assert WritableKeys([key]).warn(key, "acme") is None


@pytest.mark.parametrize(
    "pattern", ["", "a:{tenant_id}", "a:{ tenant }", "a:{Tenant}", "changeover:{tenant}", "lane-0"]
)
def test_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"expected a key|kept for"):
        WritableKeys([pattern])


def test_a_key_that_fits_several_patterns_is_of_one_tenant() -> None:
    keys = WritableKeys(["tenant_config:{tenant}", "tenant_config:{tenant}:meta", "all:{tenant}", "all:b:a"])
    assert keys.refuse("tenant_config:acme:meta", "acme") is None
    assert "is of tenant 'acme'" in (keys.refuse("tenant_config:acme:meta", "acme:meta") or "")
    assert keys.refuse("tenant_config:acme:meta:meta", "acme:meta") is None
    assert keys.refuse("tenant_config:acme", "acme") is None
    # What all share stays shared.
    assert keys.refuse("all:b:a", "b:a") is None
    # Of two as long as each other it would be a guess.
    ends = WritableKeys(["a:{tenant}", "{tenant}:b"])
    assert ends.refuse("a:b", "b")
    assert ends.refuse("a:b", "a")
    # Whatever the patterns are, two tenants never both write one key.
    many = WritableKeys(["t:*:{tenant}", "t:{tenant}", "{tenant}:x", "t:{tenant}:*:z", "t:{tenant}:{tenant}"])
    for key in ("t:a:x", "t:a:b:z", "t:a:a", "t:x:x:x", "t:b:q:z:x"):
        ids = {key[start:end] for start in range(len(key)) for end in range(start + 1, len(key) + 1)}
        assert len([one for one in ids if many.refuse(key, one) is None]) <= 1, key
