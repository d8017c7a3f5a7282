"""`make audit`: which packages of the lock have a known weakness, and whether that could be found out at all.

pip-audit ends alike for a weakness and for a service that did not answer, and well for packages that the service does
not know. So its report is read: only one in which every package was looked at is good. Not part of the tests: it needs
the network, and its answer changes without a change of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).parents[1] / "requirements.lock"
GOOD, WEAK, NOT_KNOWN = 0, 1, 2
"""Exit codes: no weakness is known; some are; the service did not answer, or not for every package."""


def audit(lock: Path, options: Sequence[str] = ()) -> tuple[int, list[str]]:
    """The exit code and what to print; ``options`` are more of pip-audit's."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip",
             "--vulnerability-service", "osv", "--progress-spinner", "off",
             "--format", "json", "--output", report, *options],
            capture_output=True,
            text=True,
        )  # fmt: skip
        if not report.exists():
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return NOT_KNOWN, [f"not known: the advisory service could not be asked: {why[:500]}"]
        return judge(json.loads(report.read_text())["dependencies"])


def judge(packages: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """What the report's packages say."""
    left_out = [f"not known: {one['name']}: {one['skip_reason']}" for one in packages if "skip_reason" in one]
    weak = [
        f"weak: {one['name']} {one['version']}: {found['id']}; mended in {', '.join(found['fix_versions']) or 'none'}"
        for one in packages
        for found in one.get("vulns", ())
    ]
    if weak:
        return WEAK, weak + left_out
    if left_out or not packages:
        return NOT_KNOWN, left_out or ["not known: no package was looked at"]
    return GOOD, [f"good: no weakness is known of {len(packages)} packages"]


def main() -> None:
    """Audits the lock."""
    code, lines = audit(LOCK, sys.argv[1:])
    print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
