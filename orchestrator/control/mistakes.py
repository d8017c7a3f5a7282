"""All that is wrong with a call, told at once."""

from __future__ import annotations

from types import TracebackType

from orchestrator.domain.errors import InvalidInput, Problem


class Mistakes:
    """Keeps what each check within ``with mistakes:`` refuses, for ``tell`` to raise all of it at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __enter__(self) -> None:
        """The next check begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, InvalidInput):
            # What one check could not read, the next refuses as it stands: once is enough.
            known = {problem.path.removeprefix("--") for problem in self._problems} - {""}
            self._problems += [problem for problem in error.problems if problem.path not in known]
        return isinstance(error, InvalidInput)

    def tell(self) -> None:
        """Raises ``InvalidInput`` with every problem that was kept; without any, what the checks gave is whole."""
        if self._problems:
            raise InvalidInput(self._problems)
