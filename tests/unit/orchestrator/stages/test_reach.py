"""A step's targets are held to the settings one by one: keys, and the host of each server that a secret may go to."""

from __future__ import annotations

import pytest

from orchestrator.secrets.scopes import SecretScope, SecretScopes
from orchestrator.stages.reach import KeyNotAllowed, Limits, Places, SecretNotAllowed
from steps import FenceToken, WritableKeys, WriteAnswer

TOKEN = FenceToken("i", 1, "k", "f", "v", tenant_id="acme")
OPS = frozenset({"OPS"})
SCOPES = SecretScopes({"OPS": SecretScope(hosts=["near.example.com"])})
PLACES: Places = {None: ("near.example.com", 6379), "near": ("near.example.com", 1), "far": ("far.example.com", 1)}


class Written:
    """Keeps what reaches the server."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        self.seen.append(key)
        return WriteAnswer(True)

    def publish(self, channel: str, message: str) -> int:
        self.seen.append(channel)
        return 1


@pytest.mark.parametrize("connection", ["far", "nobody knows"])
def test_a_secret_goes_to_no_other_connection(connection: str) -> None:
    server = Written()
    limits = Limits(scopes=SCOPES, places=PLACES)
    for target in (limits.targets({connection: server}, OPS)[connection], limits.target(server, connection, OPS)):
        with pytest.raises(SecretNotAllowed):
            target.write(TOKEN, "k", None, "v", None)
        with pytest.raises(SecretNotAllowed):
            target.publish("c", "m")
    assert server.seen == []


def test_it_goes_where_it_may_and_what_holds_none_goes_anywhere() -> None:
    near, far = Written(), Written()
    limits = Limits(scopes=SCOPES, places=PLACES)
    targets = limits.targets({"near": near, "far": far}, OPS)
    assert list(targets) == ["near", "far"]
    assert targets["near"].write(TOKEN, "k", None, "v", None)
    assert limits.target(near, None, OPS).publish("c", "m")
    assert limits.targets({"far": far}, frozenset())["far"].write(TOKEN, "k", None, "v", None)
    assert (near.seen, far.seen) == (["k", "c"], ["k"])


def test_keys_are_held_to_on_every_connection() -> None:
    server = Written()
    limits = Limits(keys=WritableKeys(["cfg:{tenant}"]), places=PLACES)
    target = limits.targets({"far": server}, frozenset())["far"]
    assert target.write(TOKEN, "cfg:acme", None, "v", None)
    with pytest.raises(KeyNotAllowed, match="may write"):
        target.write(TOKEN, "cfg:other", None, "v", None)
    assert server.seen == ["cfg:acme"]
