"""Submitting a plan: checked, shown tenant by tenant, and then submitted as it was shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from orchestrator.client import Client
from orchestrator.console.access.roles import Actor, MaySubmit, Permission
from orchestrator.console.api.shared import SharedParts
from orchestrator.console.page.buttons import plan_url
from orchestrator.console.page.dialogs import said_of, tell_page
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import SubmitResult
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem
from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.yaml_text import read_yaml
from orchestrator.observability.refusals import problem_without_secrets

SHOWN: Final = 100
"""Tenants of a preview that are shown; all are counted, and all are in its digest."""
PROBLEMS_SHOWN: Final = 200
PLAN: Final = "plan"

router = APIRouter()
FormText = Annotated[str, Form()]
Box = Annotated[bool, Form()]


@router.get("/submit")
def show_form(request: Request, _: MaySubmit) -> Response:
    """An empty form."""
    return page(request, "submit.html", "/plans")


@router.post("/submit/check")
async def check_and_preview(
    client: ConsoleClient, shared: SharedParts, actor: MaySubmit, plan: FormText = "", skip_identical: Box = False
) -> Response:
    """What is wrong with it; when nothing is, what it would do, and the button that submits just that."""

    def check() -> Response:
        return _check_and_preview(client, actor, plan, skip_identical=skip_identical)

    return await shared.checks.run(actor.name, check, len(plan))


def _check_and_preview(client: Client, actor: Actor, plan: str, *, skip_identical: bool) -> Response:
    try:
        written = _written(plan)
        found, _ = client.validate(written)
        if not found.valid:
            return _checked(errors=found.errors[:PROBLEMS_SHOWN], more=max(0, len(found.errors) - PROBLEMS_SHOWN))
        shown, end = _preview(client, written, skip_identical=skip_identical)
    except InvalidInput as error:
        return _checked(errors=error.problems[:PROBLEMS_SHOWN], more=max(0, len(error.problems) - PROBLEMS_SHOWN))
    except ChangeoverError as error:
        return _checked(said=said_of(error))
    waves = [part.strip() for part in found.resolved.split(";") if part.strip()]
    may_override = actor.may(Permission.OVERRIDE_FREEZE)
    return _checked(warnings=found.warnings, waves=waves, tenants=shown, end=end, may_override=may_override)


@router.post("/submit")
async def submit_shown(
    client: ConsoleClient,
    shared: SharedParts,
    actor: MaySubmit,
    plan: FormText = "",
    digest: FormText = "",
    skip_identical: Box = False,
    override_freeze: FormText = "",
) -> Response:
    """Submits what was shown; refused when a tenant has moved since."""
    if override_freeze.strip():
        actor.require(Permission.OVERRIDE_FREEZE)

    def submit() -> SubmitResult:
        return client.submit(
            _written(plan),
            preview=digest or None,
            skip_identical=skip_identical,
            override_freeze=override_freeze.strip() or None,
            actor=actor.name,
        )

    try:
        answer = await shared.checks.run(actor.name, submit, len(plan))
    except InvalidInput as error:
        return _checked(errors=error.problems[:PROBLEMS_SHOWN])
    except ChangeoverError as error:
        return _checked(said=said_of(error))
    return tell_page("", go_to=plan_url(answer.plan_id))


def _written(text: str) -> dict[str, Any]:
    """The plan as values. Raises ``InvalidInput`` for what is no plan at all."""
    try:
        found = parse_json(text) if text.lstrip().startswith("{") else read_yaml(text, PLAN)
    except JsonMistake as error:
        raise InvalidInput([Problem(PLAN, None, str(error))]) from error
    if not isinstance(found, dict):
        message = "expected a mapping with name, max_concurrency, stages and tenants"
        raise InvalidInput([Problem(PLAN, None, message)])
    return found


def _preview(client: Client, plan: dict[str, Any], *, skip_identical: bool) -> tuple[list[TenantPreview], PreviewEnd]:
    shown: list[TenantPreview] = []
    for line in client.preview(plan, skip_identical=skip_identical):
        if isinstance(line, PreviewEnd):
            return shown, line
        if len(shown) < SHOWN:
            shown.append(line)
    raise AssertionError("a preview has an end")


def _checked(*, errors: Sequence[Problem] = (), warnings: Sequence[Problem] = (), **told_of: Any) -> Response:
    known = {
        "errors": [problem_without_secrets(one) for one in errors],
        "warnings": [problem_without_secrets(one) for one in warnings],
        "waves": (),
        "tenants": (),
        "end": None,
        "said": "",
        "more": 0,
        "may_override": False,
    }
    return HTMLResponse(piece("_checked.html", **{**known, **told_of}))
