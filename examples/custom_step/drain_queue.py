"""A step of your own: wait until a tenant's queue, whose depth a URL tells, is empty."""

from steps import Done, Failed, HttpRequest, Needs, Outcome, PollAgain, Step, StepContext, StepParameters


class DrainQueueParameters(StepParameters):
    url: str
    max_attempts: int = 20

    def needs(self) -> Needs:
        return Needs(urls={"url": self.url})


class DrainQueue(Step[DrainQueueParameters]):
    name = "drain-queue"
    Parameters = DrainQueueParameters

    def run(self, parameters: DrainQueueParameters, context: StepContext) -> Outcome:
        (answer,) = context.http.fetch_all([HttpRequest("queue", parameters.url)], timeout_seconds=5)
        if answer.status == 200 and answer.body == b"0":
            return Done({"attempts": context.attempt})
        said = answer.error or answer.body[:100].decode(errors="replace")
        if context.attempt >= parameters.max_attempts:
            return Failed("NotDrained", f"the queue still says {said!r} after {context.attempt} attempts")
        return PollAgain(2, f"the queue says {said!r}")
