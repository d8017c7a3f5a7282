"""A plan written down for whoever may read it: literal secrets in its stages and configs are not in it.

What happened is told as the ledger holds it, by every door: what it was refused for may be a token that has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from orchestrator.control.export import Line
from orchestrator.secrets.masking import masked_config

_GIVEN: Final = {"plan": ("stages",), "task": ("config",)}
"""What of a line was submitted."""


def masked_lines(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines; of the stages of the plan and the config of each task, what a name says is secret is masked."""
    for line in lines:
        kind = line["kind"]
        told = {name: masked_config(value, name) for name, value in line[kind].items() if name in _GIVEN.get(kind, ())}
        yield {"kind": kind, kind: {**line[kind], **told}}
