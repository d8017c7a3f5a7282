"""A plan from what a user wrote to the ledger: checked, reduced to what is to be moved, bound to a preview, written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from orchestrator.control.answers import SubmitResult
from orchestrator.control.door import PlanSource
from orchestrator.control.page_answers import ValidationResult
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.control.submitted_before import there_already
from orchestrator.control.unserved import unserved
from orchestrator.domain.config import PlanHeader
from orchestrator.domain.errors import InvalidInput, NotAllowed, Problem, TenantsMoved
from orchestrator.domain.status import PlanState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.freeze_reads import FreezeReads
from orchestrator.ledger.group_reads import GroupReads
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.plans.plan import Plan
from orchestrator.plans.preview_digest import PreviewDigest, parse_digest
from orchestrator.plans.submit import UNSEEN, Seen, take_back_draft, write_plan
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.checking import check_plan
from orchestrator.validation.freezes_ahead import FreezesAhead
from orchestrator.validation.plan_preview import PlanPreview
from orchestrator.validation.running_conflicts import running_conflicts
from orchestrator.validation.what_is_left import SeenTenants, look_at_tenants

MOST_NAMED = 10
"""Tenants that are named when they have moved; the others are counted."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Previews and submits, on one ledger."""

    ledger: Ledger
    reader: Reader
    settings: Settings

    def check(self, plan: PlanSource, *, show: bool) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
        """The plan's mistakes and warnings; see ``check_plan``."""
        return check_plan(plan, self.settings, partial(running_conflicts, reader=self.reader), show=show)

    def preview(
        self, plan: PlanSource, *, against_plan: str | None, skip_identical: bool
    ) -> Iterator[TenantPreview | PreviewEnd]:
        """What the plan would change, tenant by tenant. Raises as ``submit`` does; writes nothing."""
        validated = validate_plan(plan, settings=self._knowing_groups(plan))
        made = validated.require()
        assert validated.header is not None
        freezes = FreezesAhead(FreezeReads(self.ledger.client, self.ledger.keys))
        shown = PlanPreview(made, validated.header, self.reader, self.settings, skip_identical, against_plan, freezes)
        yield from shown.lines()

    def _knowing_groups(self, plan: PlanSource) -> Settings:
        """The settings with the groups that the coordinators' name: it is theirs that hold. Raises ``InvalidInput``
        for a plan that is wrong without them when they cannot be read: it is told as that, as ever."""
        try:
            held = GroupReads(self.ledger.client, self.ledger.keys).named()
        except UNREACHABLE:
            validate_plan(plan, settings=self.settings).require()
            raise
        return self.settings.model_copy(update={"groups": {**dict.fromkeys(held, 1), **self.settings.groups}})

    def submit(
        self,
        plan: PlanSource,
        progress: Callable[[int], None],
        *,
        preview: str | None,
        skip_identical: bool,
        actor: str,
    ) -> SubmitResult:
        """Checks the plan and writes it; see ``Client.submit``."""
        expected = parse_digest(preview)
        conflicts = partial(running_conflicts, reader=self.reader)
        validated = validate_plan(plan, settings=self._knowing_groups(plan), conflicts=conflicts)
        made, seen = validated.require(), UNSEEN
        state = None
        if expected is not None or skip_identical:
            state = self._known(made)
            if state is None:
                assert validated.header is not None
                made, seen = self._reduced(made, validated.header, expected, skip_identical)
        written: list[int] = []

        def tell(count: int) -> None:
            written.append(count)
            progress(count)

        state = state or write_plan(self.ledger, made, tell, seen, actor)
        told = validated.warnings + unserved(self.reader, state)
        if not written:
            told = [*told, there_already(state)]
        return SubmitResult(plan_id=made.plan_id, status=state, resolved=made.rules.line(), warnings=told)

    def _known(self, made: Plan) -> PlanState | None:
        """The state of a plan that this very file was submitted as before: its tenants may have moved by it. A draft of
        it is taken back, since what it depends on is looked at anew."""
        record = self.reader.plan_record(made.plan_id)
        if "status" not in record or record.get("fileDigest", record.get("digest")) != made.digest:
            return None
        if record["status"] != PlanState.CREATED:
            return PlanState(record["status"])
        take_back_draft(self.ledger, made.plan_id)
        return None

    def _reduced(
        self, made: Plan, header: PlanHeader, expected: PreviewDigest | None, skip_identical: bool
    ) -> tuple[Plan, Seen]:
        """What is left of it, and how each of its tenants was seen, which is as the preview showed them."""
        at_ms = expected.at_ms if expected else 0
        found = look_at_tenants(self.reader, made, at_ms, skip_identical=skip_identical)
        if expected is not None:
            _hold_to(expected, found)
        seen = Seen(made.digest, found.marks if expected is not None else {})
        return found.left_of(made, header), seen


def _hold_to(expected: PreviewDigest, found: SeenTenants) -> None:
    now = found.digest
    if expected.plan != now.plan:
        message = (
            "the digest is of another plan, or was made with another --skip-identical; preview the plan as it is now"
        )
        raise InvalidInput([Problem("preview", str(expected), message)])
    if expected.tenants == now.tenants:
        return
    if found.changed:
        raise TenantsMoved(found.changed[:MOST_NAMED], len(found.changed))
    if expected.shows_the_same(now):
        raise NotAllowed(
            "who is left out as at the target is not whom the preview showed, since other plans are to move them, or "
            "are not any more; nothing was submitted: preview the plan again"
        )
    message = "it is not what a preview of this plan has printed: no tenant has moved since; preview the plan again"
    raise InvalidInput([Problem("preview", str(expected), message)])
