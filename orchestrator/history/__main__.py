"""``python -m orchestrator.history``: judges the ledger of the settings as it is at this moment, while things run.

Prints a line for each place where an invariant did not hold, then those that held. Exit code 0: all held; 1: some did
not; 2 and 4 as of the command line.
"""

from __future__ import annotations

import argparse
import json
import sys

from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.printable import printable
from orchestrator.history.judge import judge
from orchestrator.settings.model import load_settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.history", description=__doc__)
    parser.add_argument("--ended", action="store_true", help="judge the end: every plan must be over")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    try:
        report = judge(load_settings(), ended=given.ended)
    except ChangeoverError as error:
        sys.stderr.write(f"error: {printable(str(error))}\n")
        return error.exit_code
    if given.json:
        violations = [
            {"invariant": one.invariant, "message": one.message, "events": list(one.events)}
            for one in report.violations
        ]
        sys.stdout.write(json.dumps({"holds": report.holds, "violations": violations}) + "\n")
    else:
        sys.stdout.writelines(f"{printable(line)}\n" for line in str(report).splitlines())
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
