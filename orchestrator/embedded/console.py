"""Lines for the person at the terminal of a long-running command."""

from __future__ import annotations

import os
from typing import TextIO

from orchestrator.domain.printable import printable


class Console:
    """Writes whole lines, at once also into a file or a pipe. A reader that has gone away is no error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, line: str) -> None:
        try:
            self._stream.write(f"{printable(line)}\n")
            self._stream.flush()
        except OSError:
            # What is still buffered must not fail again when the interpreter ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
