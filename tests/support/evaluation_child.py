"""A process that evaluates what it is told to, and dies of what costs too much. One JSON object a line, in and out.

In: ``{"kind": "template" | "expression", "source": ...}``. Out: what it cost and said. Processor time and memory are
counted by the kernel for this process alone, so the load of the machine does not matter; an evaluation that never
ends, in C too, is ended by SIGPROF, whose default is to kill.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from orchestrator.secrets.references import PLACEHOLDERS
from orchestrator.templates.templates import TemplateFault, _compiled, render
from steps.expressions import judgement

KILLED_AFTER_SECONDS = 10.0
SPACE_MB = 1024
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")

# As heavy as what a plan may hold and an instance may answer.
VARIABLES: dict[str, Any] = {
    "tenant": {
        "tenant_id": "acme",
        "deploy_unit_version": 42,
        "network_endpoints": [{"key": f"gw-{n}", "value": f"http://10.0.0.{n}:8080"} for n in range(1000)],
        "variables": {"region": "eu", "share": 0.5, "on": True, "nothing": None, "text": "x y-z " * 5_000},
    },
    "plan": {"plan_id": "p-1", "name": "Plan"},
    "secret": PLACEHOLDERS,
    "long": "ab" * 30_000,
    "wide": list(range(20_000)),
    "snow": "\N{SNOWMAN}\N{PILE OF POO}" * 20_000,
    # Their hashes are all the same.
    "same_hash": [n * (2**61 - 1) for n in range(1, 10_000)],
    "deep": json.loads("[" * 60 + "]" * 60),
    "deeper": json.loads("[" * 100 + "]" * 100),
    "big": 10**1200,
}  # fmt: skip


def _peak_mb() -> float:
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def evaluate(kind: str, source: str) -> str:
    """What comes of it, as text: a value, or the words of the refusal."""
    if kind == "expression":
        found = judgement.holds(source, VARIABLES, 200)
        return found.reason or str(found.holds)
    try:
        return repr(render(source, VARIABLES))[:100]
    except TemplateFault as fault:
        return f"refused: {fault.message}"


def main() -> None:
    now = int(_STATUS.read_text().split("VmSize:")[1].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (now + SPACE_MB * 1024**2, now + SPACE_MB * 1024**2))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    evaluate("template", "{{ tenant.tenant_id | upper }}")
    for line in sys.stdin:
        given = json.loads(line)
        _compiled.clear()
        judgement._compiled.clear()
        _CLEAR.write_text("5")
        before, began = _peak_mb(), time.process_time()
        signal.setitimer(signal.ITIMER_PROF, KILLED_AFTER_SECONDS)
        said = evaluate(given["kind"], given["source"])
        signal.setitimer(signal.ITIMER_PROF, 0)
        cost = {"seconds": time.process_time() - began, "megabytes": _peak_mb() - before, "said": said}
        sys.stdout.write(json.dumps(cost) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
