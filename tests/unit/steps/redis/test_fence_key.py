"""The fence is in the slot of its key, by the client's own CRC16, and no two keys share one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from steps import fence_key

ODD_KEYS = ["", "{", "}", "{}", "{}{a}", "a{}b", "a{b", "a}b", "}{", "}a{b}", "{{a}}", "a{b}c{d}", "{a", "a}", "{}a}"]
keys = st.text(alphabet="ab{}:ü", max_size=8)


@pytest.mark.parametrize("key", ["tenant_config:acme", "tenant_config:{acme}", "ü€", "a:1 2", *ODD_KEYS])
def test_same_slot(key: str) -> None:
    assert key_slot(fence_key(key).encode()) == key_slot(key.encode())


@given(keys)
def test_same_slot_for_any_key(key: str) -> None:
    assert key_slot(fence_key(key).encode()) == key_slot(key.encode())


@given(keys, keys)
def test_two_keys_have_two_fences(one: str, other: str) -> None:
    assert (fence_key(one) == fence_key(other)) == (one == other)


def test_a_key_and_its_braced_twin_have_two_fences() -> None:
    assert fence_key("a") != fence_key("{a}")


def test_documented_names() -> None:
    assert fence_key("tenant_config:acme") == "changeover:fence:{tenant_config:acme}"
    assert fence_key("config:{acme}:gateway") == "changeover:fence:{acme}:config:{acme}:gateway"


def test_every_slot_has_a_number() -> None:
    assert len({key_slot(b"%d" % number) for number in range(250_000)}) == 16_384
