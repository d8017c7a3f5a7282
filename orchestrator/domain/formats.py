"""The forms of what is stored and sent: a number each, which rises only when what is known of it changes its meaning.

What a reader does not know of a form it ignores, so a new field or event needs no new number. A process that meets a
higher number than its own is too old for it: it changes nothing and leaves the work to others. A form that says no
number is of the first, so that releases from before there were numbers read what this one writes.

``docs/how-to/upgrade-without-stopping.md`` has the table; checkpoints have their number in ``checkpoint/contract.py``.
"""

from __future__ import annotations

from typing import Final

LEDGER: Final = 2
"""Of all records and scripts of the ledger together. A release with records that older scripts would damage raises
it, and writes it into the ledger (``NEEDS`` of ``settings``) with the first such record: older scripts then refuse.
2: plans with waves or a tolerance, which older scripts would admit past (``open_plan`` writes it)."""

MESSAGE: Final = 1
"""Of a stage message: its header ``format``."""

CURSOR: Final = 1
"""Of what a stage keeps between two turns: ``format``, the first key of its JSON."""

SPEC: Final = 1
"""Of a plan's stages as stored: ``format`` in their JSON."""

EVENT: Final = 1
"""Of an entry of the log: its field ``f``."""
