"""docs/metrics.md lists the metrics that there are, each as it is."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.ledger.sample import Sample
from orchestrator.observability.ledger_metrics import families
from orchestrator.observability.metric_names import LEDGER, WORKER, Metric

PAGE = Path(__file__).parents[4] / "docs" / "metrics.md"


def row(metric: Metric) -> tuple[str, str, str, str]:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "-"
    return metric.shown, metric.kind, labels, metric.help


def test_the_page_has_every_metric() -> None:
    rows = re.findall(r"^\| `(changeover_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)

    assert rows == [row(metric) for table in (LEDGER, WORKER) for metric in table.values()]


def test_every_metric_of_the_table_is_served() -> None:
    served = {family.name for family in families(Sample(), by_plan=True)}

    # The collector's own three say how the servers answered.
    apart = {"changeover_ledger_up", "changeover_broker_up", "changeover_queue_depth"}
    assert served | apart == {metric.name for metric in LEDGER.values()}
