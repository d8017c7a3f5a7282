"""The demo's plan files belong to whoever changes them, and who asks for the fleet does not stand in its way."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from orchestrator.embedded.demo.instances import instances_of, load_plan
from orchestrator.embedded.demo.plans import guide_lines, write_demo_plans


def test_what_somebody_has_changed_is_left(tmp_path: Path) -> None:
    first = write_demo_plans(tmp_path)
    assert (first.kept, sorted(path.name for path in first.folder.iterdir())) == (
        (),
        ["fleet.yaml", "green.yaml", "red.yaml"],
    )
    green, red = first.folder / "green.yaml", first.folder / "red.yaml"
    mine = green.read_text().replace("max_concurrency: 3", "max_concurrency: 1")
    green.write_text(mine)
    with socket.create_server(("127.0.0.1", first.port)):
        second = write_demo_plans(tmp_path)
    assert second.port != first.port
    # What nobody has changed follows the fleet.
    assert green.read_text() == mine
    assert f":{second.port}/" in red.read_text()
    assert f":{first.port}/" not in red.read_text()
    assert {instance.port for instance in instances_of(load_plan(second.fleet_plan))} == {second.port}
    (told,) = [line for line in guide_lines(second) if "was changed" in line]
    assert "green.yaml was changed and is left as it is" in told
    # Deleted, it comes anew, for the port that the fleet had last.
    green.unlink()
    third = write_demo_plans(tmp_path)
    assert (third.port, third.kept) == (second.port, ())
    assert f":{third.port}/" in green.read_text()


def test_who_looks_for_the_fleet_asks_it_and_does_not_try_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = write_demo_plans(tmp_path)
    assert not demo.is_there()
    monkeypatch.delattr(socket, "create_server")
    assert not demo.is_there()
