"""Collects problems: in order, the same one of many tenants once, no more than a person can read. What stands in the
place of a URL may be one, whatever else is wrong with it: none is shown with what it may hold of a secret.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.domain.errors import Problem
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.masking import masked_urls

LIMIT = 100
"""Problems that are named; the rest are counted."""


class Findings:
    """Errors and warnings of one plan, as they are found."""

    def __init__(self) -> None:
        self.warnings: list[Problem] = []
        self._errors: list[Problem] = []
        self._more = 0
        self._shared: dict[tuple[str, str], tuple[int, Problem, list[int]]] = {}

    @property
    def failed(self) -> bool:
        return bool(self._errors)

    @property
    def is_full(self) -> bool:
        """Whether what else is wrong is only counted."""
        return len(self._errors) >= LIMIT

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

    def of_tenant(self, index: int, problem: Problem, within: str = "") -> None:
        """A problem met with one tenant: ``stages[...]`` paths are the plan's, all others are inside the tenant.

        The same problem of a stage is kept once, with the first tenant that has it and the number of others.
        """
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
            found.append(Problem("", None, f"and {self._more} more problems"))
        return found


def _masked(problem: Problem) -> Problem:
    if isinstance(problem.value, str) and "://" in problem.value:
        return Problem(problem.path, masked_urls(problem.value), problem.message)
    return problem
