"""All that is wrong with a call, told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Final

from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem

_NAMED: Final = re.compile(r"`(\w+)`")


def renamed(problem: Problem, name_of: Callable[[str], str]) -> Problem:
    """The same by the names that a door has for the arguments of a call: in its path, and in backticks in its words."""
    head = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
    path = name_of(head) + problem.path[len(head) :]
    return replace(problem, path=path, message=_NAMED.sub(lambda found: f"`{name_of(found[1])}`", problem.message))


@contextmanager
def told_by(names: Mapping[str, str]) -> Iterator[None]:
    """What a call within refuses goes by these names for its arguments."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput([renamed(one, lambda name: names.get(name, name)) for one in error.problems]) from None


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
            self.found += [problem for problem in error.problems if problem.path.removeprefix("--") not in known]
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
