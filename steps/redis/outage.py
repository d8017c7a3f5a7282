"""What a step answers when the target Redis is away: wait, but not for ever."""

from __future__ import annotations

from steps.contract import Failed, PollAgain, StepContext, TargetUnavailable

RETRY_SECONDS = 2.0
MAX_ATTEMPTS = 30
"""About a minute at ``RETRY_SECONDS``; longer where each attempt itself waits for a connect timeout."""


def ride_out(error: TargetUnavailable, context: StepContext) -> PollAgain | Failed:
    """Poll again every ``RETRY_SECONDS``, and fail with kind ``TargetUnavailable`` at the last of ``MAX_ATTEMPTS``.

    A restart or fail-over of the target takes seconds, and failing thousands of tenants for it would be worse than
    waiting; no worker slot is held meanwhile. Counting is the context's, so the step itself stays stateless.
    """
    if context.attempt >= MAX_ATTEMPTS:
        return Failed("TargetUnavailable", f"gave up after {context.attempt} attempts: {error}")
    return PollAgain(RETRY_SECONDS, f"attempt {context.attempt} of {MAX_ATTEMPTS}: {error}")
