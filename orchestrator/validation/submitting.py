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
from orchestrator.control.unserved import unserved
from orchestrator.domain.config import PlanHeader
from orchestrator.domain.errors import InvalidInput, NotAllowed, Problem, TenantsMoved
from orchestrator.domain.status import PlanState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.freeze_reads import FreezeReads
from orchestrator.ledger.group_reads import GroupReads
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.plans.left_out import leave_out
from orchestrator.plans.plan import Plan
from orchestrator.plans.preview_digest import DigestMaker, PreviewDigest, parse_digest
from orchestrator.plans.submit import UNSEEN, Seen, take_back_draft, write_plan
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.checking import check_plan
from orchestrator.validation.freezes_ahead import FreezesAhead
from orchestrator.validation.plan_preview import PlanPreview
from orchestrator.validation.running_conflicts import running_conflicts
from orchestrator.validation.tenant_states import TenantStates

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
        made = validate_plan(plan, settings=self._knowing_groups(plan)).require()
        freezes = FreezesAhead(FreezeReads(self.ledger.client, self.ledger.keys))
        yield from PlanPreview(made, self.reader, self.settings, skip_identical, against_plan, freezes).lines()

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
        expected = parse_digest(preview) if preview is not None else None
        conflicts = partial(running_conflicts, reader=self.reader)
        validated = validate_plan(plan, settings=self._knowing_groups(plan), conflicts=conflicts)
        made, seen = validated.require(), UNSEEN
        state = None
        if expected is not None or skip_identical:
            state = self._known(made)
            if state is None:
                assert validated.header is not None
                made, seen = self._reduced(made, validated.header, expected, skip_identical)
        state = state or write_plan(self.ledger, made, progress, seen, actor)
        told = validated.warnings + unserved(self.reader, state)
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
        maker = DigestMaker(expected.at_ms if expected else 0, made.digest, skips_identical=skip_identical)
        marks: dict[str, str] = {}
        identical: set[str] = set()
        changed: list[str] = []
        for state in TenantStates(self.reader).of(made):
            maker.add(state.tenant_id, state.mark)
            marks[state.tenant_id] = state.mark
            if expected is not None and state.changed_ms >= expected.at_ms:
                changed.append(state.tenant_id)
            if skip_identical and state.is_identical:
                identical.add(state.tenant_id)
        if expected is not None:
            _hold_to(expected, maker.digest(), changed)
        seen = Seen(made.digest, marks if expected is not None else {})
        if len(identical) == len(made.tenants):
            raise NotAllowed(f"nothing to move: all {len(identical)} tenants are at the target already")
        return (leave_out(made, header, identical) if identical else made), seen


def _hold_to(expected: PreviewDigest, now: PreviewDigest, changed: list[str]) -> None:
    if expected.plan != now.plan:
        message = (
            "the digest is of another plan, or was made with another --skip-identical; preview the plan as it is now"
        )
        raise InvalidInput([Problem("preview", str(expected), message)])
    if expected.tenants != now.tenants and not changed:
        message = "it is not what a preview of this plan has printed: no tenant has moved since; preview the plan again"
        raise InvalidInput([Problem("preview", str(expected), message)])
    if expected.tenants != now.tenants:
        raise TenantsMoved(changed[:MOST_NAMED], len(changed))
