"""All that is wrong with a call, told at once."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType

from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem


class Mistakes:
    """Keeps what each check within ``with mistakes:`` refuses, for ``tell`` to raise all of it at once."""

    def __init__(self, found: Collection[Problem] = ()) -> None:
        """``found``: what is known to be wrong already."""
        self.found: list[Problem] = list(found)

    def __enter__(self) -> None:
        """The next check begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, InvalidInput):
            # What one check could not read, the next refuses as it stands: once is enough.
            known = {problem.path.removeprefix("--") for problem in self.found} - {""}
            self.found += [problem for problem in error.problems if problem.path not in known]
        elif isinstance(error, ChangeoverError):
            # Who cannot be found or reached is asked for anew once the rest is right.
            self.tell()
        return isinstance(error, InvalidInput)

    def __bool__(self) -> bool:
        return bool(self.found)

    def tell(self) -> None:
        """Raises ``InvalidInput`` with every problem that was kept; without any, what the checks gave is whole."""
        if self.found:
            raise InvalidInput(self.found)
