"""Collects problems: in order, the same one of many tenants once, no more than a person can read. What stands in the
place of a URL may be one, whatever else is wrong with it: none is shown with what it may hold of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.domain.errors import Problem
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.masking import masked_config, masked_url, masked_urls
from orchestrator.secrets.notations import key_at

_OF_A_GATE: Final = re.compile(r"waves\[\d+\]\.gate(?:\.(.+))?", re.DOTALL)
_TOLD_OF_A_GATE: Final = (None, "url", "interval_seconds", "timeout_seconds")
"""Under any other name may stand what lets its holder in: the key is told, its value is not."""
_WORD: Final = re.compile(r"[a-z]{1,16}", re.IGNORECASE)
_WHOLE_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.IGNORECASE)
"""Also one of several lines, or with spaces, which end a URL within a text."""

LIMIT = 100
"""Problems that are named; the rest are counted."""
MOST_COUNTED: Final = 10_000
"""Of the rest; whoever has made as many is not told how many more there are, as looking for them takes time."""

MOST_MET: Final = 30_000
"""With the tenants, beyond one with each, the same ones too: to find one costs a tenth of a millisecond."""
LOOK: Final = 7
"""Problems that cost as much to find as one look at a wrong step, whatever is found by it."""


class Findings:
    """Errors and warnings of one plan, as they are found."""

    def __init__(self) -> None:
        self.warnings: list[Problem] = []
        self._errors: list[Problem] = []
        self._more = 0
        self._met = 0
        self._is_cut = False
        self._shared: dict[tuple[str, str], tuple[int, Problem, list[int]]] = {}

    @property
    def failed(self) -> bool:
        return bool(self._errors)

    @property
    def is_full(self) -> bool:
        """Whether what else is wrong is only counted."""
        return len(self._errors) >= LIMIT

    @property
    def is_overfull(self) -> bool:
        """Whether what else is wrong is not even counted: of a plan's tenants the others need not be looked at."""
        return self._more >= MOST_COUNTED or self._met >= MOST_MET or self._is_cut

    def met(self, problems: int) -> None:
        """So many with one tenant."""
        self._met += max(problems - 1, 0)

    def looked(self, steps: int) -> None:
        """At so many wrong steps with one tenant."""
        self._met += LOOK * max(steps - 1, 0)

    def has_room(self, problems: int, steps: int) -> bool:
        """Whether more is to be looked at with a tenant who has so many, and so many wrong steps, already."""
        self._is_cut |= self._met + problems + LOOK * steps > MOST_MET
        return not self._is_cut

    def has_error_under(self, path: str) -> bool:
        """Whether something inside ``path`` is known to be wrong."""
        return any(problem.path.startswith(path) for problem in self._errors)

    def error(self, path: str, value: object, message: str) -> None:
        """One more problem; ``value`` may be anything, it is cut to what a message can carry."""
        self.errors([Problem(path, shown(value), message)])

    def errors(self, problems: Iterable[Problem]) -> None:
        """More problems."""
        for problem in problems:
            if len(self._errors) < LIMIT:
                self._errors.append(_masked(problem))
            else:
                self._more += 1

    def and_more(self, more: int) -> None:
        """So many problems beyond those that were given."""
        self._more += more

    def of_tenant(self, index: int | None, problem: Problem, within: str = "") -> None:
        """A problem met with one tenant: ``stages[...]`` paths are the plan's, all others are inside the tenant. One
        without an index is everybody's.

        The same problem of a stage is kept once, with the first tenant that has it and the number of others.
        """
        if index is None:
            self.errors([problem])
            return
        if not problem.path.startswith("stages["):
            path = join(join(f"tenants[{index}]", within), problem.path)
            self.errors([Problem(path, problem.value, problem.message)])
            return
        problem = _masked(problem)
        key = (problem.path, problem.message)
        if (seen := self._shared.get(key)) is not None:
            if seen[2][-1] != index:
                seen[2][:] = [seen[2][0] + 1, index]
        elif len(self._errors) < LIMIT:
            self._shared[key] = (len(self._errors), problem, [1, index])
            self._errors.append(Problem(problem.path, problem.value, f"{problem.message}, for tenants[{index}]"))
        else:
            self._more += 1

    def warn(self, path: str, value: object, message: str) -> None:
        """Something that is allowed and probably not meant."""
        self.warnings.append(_masked(Problem(path, shown(value), message)))

    def named_errors(self) -> list[Problem]:
        """The first ``LIMIT`` errors and, when there are more, one that counts them."""
        found = list(self._errors)
        for position, problem, (count, _) in self._shared.values():
            if count > 1:
                others = f"{found[position].message} and {count - 1} more"
                found[position] = Problem(problem.path, problem.value, others)
        if self._more:
            more = f"more than {MOST_COUNTED}" if self._more >= MOST_COUNTED else str(self._more)
            found.append(Problem("", None, f"and {more} more problems"))
        if self._met >= MOST_MET or self._is_cut:
            message = (
                f"more is wrong than {MOST_MET} problems, each counted with each tenant, or as many looks at wrong "
                "steps as cost the same: the other tenants were not looked at"
            )
            found.append(Problem("", None, message))
        return found


def _masked(problem: Problem) -> Problem:
    value, gate = problem.value, _OF_A_GATE.fullmatch(problem.path)
    if gate and gate[1] not in _TOLD_OF_A_GATE:
        value = None
    elif gate and isinstance(value, str):
        value = _shown_gate(value) if gate[1] in (None, "url") else value
    elif isinstance(value, str) and _WHOLE_URL.match(value):
        value = masked_url(value)
    else:
        value = masked_config(value, key_at(problem.path))
    if isinstance(value, str):
        value = masked_urls(value)
    return problem if value == problem.value else Problem(problem.path, value, problem.message)


def _shown_gate(text: str) -> str:
    """What stands in the place of a gate's URL, also where it is none: never with its query."""
    if _WORD.fullmatch(text):
        return text
    return masked_url(text) if "://" in text else masked_url(f"http://{text}").removeprefix("http://")
