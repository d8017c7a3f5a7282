"""The two doors of a ``Client`` (``control/door.py``): the ledger itself, or a console that stands before it."""
