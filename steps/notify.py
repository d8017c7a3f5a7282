"""``notify``: tell somebody over a webhook."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from steps.contract import Done, Failed, HttpRequest, Needs, Outcome, Step, StepContext, StepParameters
from steps.http.answer import trouble
from steps.http.parameters import Headers, JsonBody, Timeout, Url, json_bytes, with_header
from steps.http.retry import RetryParameters, count_sent, is_transient, later
from steps.long_wait import waiting


class NotifyParameters(StepParameters):
    """``url`` gets ``json`` by POST. ``required``: whether the stage fails when nobody could be told."""

    url: Url
    json_body: Annotated[JsonBody, Field(alias="json")]
    headers: Headers | None = None
    timeout_seconds: Timeout = 10.0
    retry: RetryParameters = RetryParameters(max_attempts=3)
    required: bool = False

    def needs(self) -> Needs:
        return Needs(urls={"url": self.url})


class Notify(Step[NotifyParameters]):
    """Done with any 2xx answer.

    Outputs: ``delivered``, and ``error`` when it is false: a notice that cannot be given fails the stage (kind
    ``NotifyFailed``) only if it is ``required``, because the move itself is none the worse for it.
    """

    name = "notify"
    Parameters = NotifyParameters

    def run(self, parameters: NotifyParameters, context: StepContext) -> Outcome:
        """Send once, unless a wait is still under way."""
        if (pause := waiting(context.state, "waits before the next request")) is not None:
            return pause
        headers = with_header(parameters.headers or {}, "Content-Type", "application/json")
        headers = with_header(headers, "Idempotency-Key", context.idempotency_key)
        request = HttpRequest("notify", parameters.url, "POST", headers, json_bytes(parameters.json_body))
        (answer,) = context.http.fetch_all([request], parameters.timeout_seconds)
        # The status is enough: what a webhook answers besides is nobody's concern.
        if answer.status is not None and 200 <= answer.status < 300:
            return Done({"delivered": True})
        what = trouble(answer)
        if is_transient(answer):
            again = later(parameters.retry, count_sent(context.state) + 1, answer, what)
            if again is not None:
                return again
        message = f"{parameters.url} {what}"
        return Failed("NotifyFailed", message) if parameters.required else Done({"delivered": False, "error": message})
