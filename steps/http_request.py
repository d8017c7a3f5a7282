"""``http-request``: call an API once, and again for what passes; success is the answer's to say."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from steps.contract import (
    Done,
    Failed,
    HttpAnswer,
    HttpRequest,
    Needs,
    Outcome,
    Step,
    StepContext,
    StepParameters,
)
from steps.expressions.judgement import holds
from steps.http.answer import NotJson, outputs, read_json, said, trouble
from steps.http.parameters import (
    BODY_LIMIT,
    Expression,
    Form,
    Headers,
    JsonBody,
    Method,
    Status,
    Timeout,
    Url,
    form_bytes,
    json_bytes,
    with_header,
)
from steps.http.retry import RetryParameters, count_sent, is_transient, later
from steps.long_wait import waiting


def _as_list(value: object) -> object:
    return [value] if isinstance(value, int) else value


class HttpRequestParameters(StepParameters):
    """What to send, and what counts as success.

    ``method``: default POST with a body, else GET. ``json``, ``form`` or ``body``: at most one. ``expected_status``:
    one or a list; default any 2xx. ``success``: a condition over the JSON answer. ``timeout_seconds``: for the whole
    exchange. ``retry``: how often and how soon for connect errors, 429 and 5xx.
    """

    method: Annotated[Method, BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)] | None = None
    url: Url
    headers: Headers | None = None
    json_body: Annotated[JsonBody, Field(alias="json")] = None
    form: Form | None = None
    body: Annotated[str, Field(max_length=BODY_LIMIT)] | None = None
    expected_status: Annotated[list[Status], BeforeValidator(_as_list), Field(min_length=1, max_length=50)] | None = (
        None
    )
    success: Expression | None = None
    timeout_seconds: Timeout = 10.0
    retry: RetryParameters = RetryParameters()

    @field_validator("form", "body")
    @classmethod
    def _only_one(cls, value: object, info: ValidationInfo) -> object:
        others = [name for name in ("json_body", "form") if name != info.field_name and info.data.get(name) is not None]
        if value is not None and others:
            raise ValueError(f"expected one of json, form and body; {others[0].removesuffix('_body')} is given too")
        return value

    def needs(self) -> Needs:
        return Needs(urls={"url": self.url})

    def request(self, idempotency_key: str) -> HttpRequest:
        """The request as it is sent."""
        content, kind = self._content()
        headers = with_header(self.headers or {}, "Idempotency-Key", idempotency_key)
        if kind is not None:
            headers = with_header(headers, "Content-Type", kind)
        method = self.method or ("GET" if content is None else "POST")
        return HttpRequest("request", self.url, method, headers, content, self.timeout_seconds)

    def _content(self) -> tuple[bytes | None, str | None]:
        if "json_body" in self.model_fields_set:
            return json_bytes(self.json_body), "application/json"
        if self.form is not None:
            return form_bytes(self.form), "application/x-www-form-urlencoded"
        return (None, None) if self.body is None else (self.body.encode(), None)


class HttpCall(Step[HttpRequestParameters]):
    """One request, sent again for what passes.

    Outputs: ``status``, and ``json`` or the beginning of ``text``. Fails with ``HttpRequestFailed``, quoting what the
    other side said, at once for an answer that will not change (another 4xx, a condition that does not hold), else
    after the last of ``retry.max_attempts``. ``Idempotency-Key`` is the same for every request of the step, so that
    the other side can tell a repeat.
    """

    name = "http-request"
    Parameters = HttpRequestParameters
    writes = True

    def run(self, parameters: HttpRequestParameters, context: StepContext) -> Outcome:
        """Send once, unless a wait is still under way."""
        if (pause := waiting(context.state, "waits before the next request")) is not None:
            return pause
        request = parameters.request(context.idempotency_key)
        (answer,) = context.http.fetch_all([request], parameters.timeout_seconds)
        sent = count_sent(context.state) + 1
        welcome = parameters.expected_status
        good = answer.status in welcome if welcome else answer.status is not None and 200 <= answer.status < 300
        if good and answer.error is None:
            return self._judge(parameters, answer)
        what = trouble(answer)
        # An answer of the expected status whose body is of no use will be of no use again.
        if not good and is_transient(answer):
            again = later(parameters.retry, sent, answer, what)
            if again is not None:
                return again
        return Failed("HttpRequestFailed", f"{request.method} {parameters.url} {what}{_count(sent)}")

    def _judge(self, parameters: HttpRequestParameters, answer: HttpAnswer) -> Outcome:
        if parameters.success is None:
            return Done(outputs(answer))
        try:
            judged = holds(parameters.success, read_json(answer), answer.status or 0)
        except NotJson as error:
            return Failed("HttpRequestFailed", f"{parameters.url} answered status {answer.status}, but {error}")
        if judged.holds:
            return Done(outputs(answer))
        why = f"cannot be judged ({judged.reason})" if judged.reason else "does not hold"
        return Failed(
            "HttpRequestFailed",
            f"{parameters.url} answered status {answer.status}, but {parameters.success!r} {why}{said(answer)}",
        )


def _count(sent: int) -> str:
    return f" (after {sent} requests)" if sent > 1 else ""
