"""A worker whose package of steps is broken does not start: nothing could tell its turns from what it cannot run."""

from __future__ import annotations

from pathlib import Path

from tests.support.cluster import Cluster
from tests.support.installed_package import install_package
from tests.support.long import long
from tests.support.place import Place

SECRET = "plantedsecret9431"
TREE = Path(__file__).parents[3]


@long
def test_a_worker_with_broken_steps_refuses_in_one_line(place: Place, tmp_path: Path) -> None:
    package = install_package(tmp_path / "broken", "broken-steps", "[changeover.steps]\none = broken_steps:One\n")
    (package / "broken_steps.py").write_text(f"raise ValueError('bad {SECRET}')\n")
    cluster = Cluster(place, tmp_path, PYTHONPATH=f"{package}:{TREE}", CHANGEOVER_SECRET_S=SECRET)
    try:
        worker = cluster.start_worker(pool="threads")
        assert worker.wait(60) == 2
    finally:
        cluster.stop()
    lines = [line for line in cluster.logs().splitlines() if "broken_steps" in line]
    assert lines == ["error: entry point one = broken_steps:One cannot be imported: ValueError: bad ***"]
    assert "Traceback" not in cluster.logs()
