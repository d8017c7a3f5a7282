"""``poll``: ask a URL until a condition over its JSON answer holds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from steps.contract import (
    Done,
    Failed,
    HttpAnswer,
    HttpRequest,
    Needs,
    Outcome,
    PollAgain,
    Step,
    StepContext,
    StepParameters,
)
from steps.expressions.judgement import holds
from steps.http.answer import NotJson, outputs, read_json, said, trouble
from steps.http.parameters import Attempts, Expression, Headers, Interval, Method, Timeout, Url
from steps.wording import cut

NOTE_LIMIT = 500


class PollParameters(StepParameters):
    """Where to ask, until what holds, how often and how long."""

    url: Url
    until: Expression
    interval_seconds: Interval = 3.0
    max_attempts: Attempts = 100
    method: Annotated[Method, BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)] = "GET"
    headers: Headers | None = None
    timeout_seconds: Timeout = 10.0

    def needs(self) -> Needs:
        return Needs(urls={"url": self.url})


class Poll(Step[PollParameters]):
    """Done as soon as a 2xx JSON answer fulfils ``until``.

    Outputs: as of http-request, and ``attempts``. Whatever else comes (no answer, another status, no JSON, a condition
    that does not hold or cannot be judged) is "not yet"; the last of ``max_attempts`` fails with ``ConditionNotMet``
    and quotes it.
    """

    name = "poll"
    Parameters = PollParameters

    def run(self, parameters: PollParameters, context: StepContext) -> Outcome:
        """Ask once."""
        request = HttpRequest("poll", parameters.url, parameters.method, parameters.headers or {})
        (answer,) = context.http.fetch_all([request], parameters.timeout_seconds)
        missing = _missing(parameters.until, answer)
        if missing is None:
            return Done({**outputs(answer), "attempts": context.attempt})
        if answer.refused or context.attempt >= parameters.max_attempts:
            head = f"{parameters.until!r} did not hold in {context.attempt} attempts: "
            return Failed("ConditionNotMet", f"{head}{parameters.url} {missing}")
        note = cut(f"attempt {context.attempt} of {parameters.max_attempts}: {missing}", NOTE_LIMIT)
        return PollAgain(parameters.interval_seconds, note)


def _missing(until: str, answer: HttpAnswer) -> str | None:
    """What is not as it should be; None when the condition holds."""
    if answer.error is not None or answer.status is None or not 200 <= answer.status < 300:
        return trouble(answer)
    try:
        judged = holds(until, read_json(answer), answer.status)
    except NotJson as error:
        return str(error)
    if judged.holds:
        return None
    why = f"the condition cannot be judged ({judged.reason})" if judged.reason else "the condition does not hold"
    return f"answered, but {why}{said(answer)}"
