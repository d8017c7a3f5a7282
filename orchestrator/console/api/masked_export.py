"""A plan written down for whoever may read it: literal secrets in its configs are not in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.control.export import Line
from orchestrator.secrets.masking import masked


def masked_lines(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines; of configs and stages, values under a key that names a secret are masked."""
    for line in lines:
        if line["kind"] == "event":
            yield line
        else:
            yield {"kind": line["kind"], line["kind"]: masked(line[line["kind"]])}
