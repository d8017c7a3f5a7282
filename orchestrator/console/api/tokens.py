"""Tokens: made, listed, revoked."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator.console.access.change_rates import ChangeRates
from orchestrator.console.access.roles import MayAsk, MayKeepTokens
from orchestrator.console.api.bodies import GivenSeconds, RequestId, WholeText
from orchestrator.console.parts import ConsoleClient
from orchestrator.console.problems import Refusal
from orchestrator.control.answers import OperationResult
from orchestrator.control.token_desk import NewToken, SignInLink, TokenStatus
from orchestrator.ledger.credentials import Credential

router = APIRouter(prefix="/tokens", tags=["tokens"])
links = APIRouter(prefix="/sign-in-links", tags=["tokens"])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, alias_generator=to_camel)


class WantedToken(_Strict):
    """``expiresSeconds`` null: never. ``secret``, 64 hexadecimal digits drawn at random by the caller: with it and an
    Idempotency-Key a repeat is answered as the first time; without it nobody can show the token again."""

    name: Annotated[WholeText, Field(examples=["on-call"])]
    role: Annotated[WholeText, Field(examples=["operator"])]
    expires_seconds: Annotated[GivenSeconds | None, Field(examples=[7776000])] = None
    secret: Annotated[WholeText | None, Field(repr=False)] = None


class TokenList(_Strict):
    tokens: list[TokenStatus]


class WantedLink(_Strict):
    """``name`` may say whose it is: the caller's, and no other."""

    name: WholeText | None = None


OWN: Final = WantedLink()


class Why(_Strict):
    """``actor`` is taken and not believed: the token says who asks."""

    reason: WholeText = ""
    actor: Any = None


@router.get("")
def tokens_there_are(client: ConsoleClient, actor: MayKeepTokens) -> TokenList:
    """Every token that is not revoked; their secrets are nowhere."""
    return TokenList(tokens=client.tokens())


@router.post("", status_code=201)
def create_token(body: WantedToken, client: ConsoleClient, actor: MayKeepTokens, key: RequestId = None) -> NewToken:
    """Makes a token, and shows it this once."""
    return client.create_token(
        body.name,
        body.role,
        expires_seconds=body.expires_seconds,
        actor=actor.name,
        request_id=key,
        secret=body.secret,
    )


def rates_of(request: Request) -> ChangeRates:
    """How fast each actor may change something."""
    rates: ChangeRates = request.app.state.rates
    return rates


Rates = Annotated[ChangeRates, Depends(rates_of)]


@links.post("", status_code=201)
def make_sign_in_link(
    request: Request, client: ConsoleClient, actor: MayAsk, rates: Rates, body: WantedLink = OWN
) -> SignInLink:
    """The code of a link that signs in at the page once, within ten minutes, as the caller's own token."""
    credential: Credential | None = request.scope.get("credential")
    if credential is None or credential.kind != "token":
        # A session would live on for as long as it likes.
        raise Refusal(403, "forbidden", "Not allowed", "show a token: a session or a proxy's user gets no link")
    if body.name not in (None, actor.name):
        raise Refusal(403, "forbidden", "Not allowed", f"a link is for the caller's own token, {actor.name!r}")
    rates.links.take(actor.name)
    return client.sign_in_link(actor.name, actor=actor.name)


@router.delete("/{name:id}")
def revoke_token(
    name: str,
    client: ConsoleClient,
    actor: MayKeepTokens,
    body: Annotated[Why | None, Body()] = None,
    key: RequestId = None,
) -> OperationResult:
    """Revokes a token at once: requests, sessions and open streams of it end."""
    why = (body or Why()).reason
    return client.revoke_token(name, reason=why, actor=actor.name, request_id=key)
