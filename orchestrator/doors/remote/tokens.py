"""Tokens of a console, asked of it."""

from __future__ import annotations

from orchestrator.control.answers import OperationResult
from orchestrator.control.token_desk import NewToken, SignInLink, TokenStatus
from orchestrator.doors.remote.answers import model_of, rows_of
from orchestrator.doors.remote.connection import Connection, at, body_of
from orchestrator.ledger.operations import Order


class RemoteTokens:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def create(self, name: str, role: str, expires_seconds: float | None, order: Order, secret: str | None) -> NewToken:
        body = {"name": name, "role": role, "expiresSeconds": expires_seconds}
        if secret is not None:
            body["secret"] = secret
        return model_of(NewToken, self._to.send("POST", "/tokens", body, request_id=order.request_id))

    def all(self) -> list[TokenStatus]:
        return rows_of(TokenStatus, self._to.get("/tokens"), "tokens")

    def link(self, name: str | None, actor: str) -> SignInLink:
        return model_of(SignInLink, self._to.send("POST", "/sign-in-links", {} if name is None else {"name": name}))

    def revoke(self, name: str, order: Order) -> OperationResult:
        found = self._to.send("DELETE", at("tokens", name), body_of(order), request_id=order.request_id)
        return model_of(OperationResult, found)
