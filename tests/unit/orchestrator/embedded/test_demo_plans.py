"""The demo's plan files belong to whoever changes them, and its port to who wrote them."""

from __future__ import annotations

from pathlib import Path

from orchestrator.embedded.demo.instances import instances_of, load_plan
from orchestrator.embedded.demo.plans import guide_lines, write_demo_plans


def test_a_plan_that_has_ended_comes_under_the_next_number(tmp_path: Path) -> None:
    ended: set[str] = set()

    def written() -> tuple[list[str], str]:
        demo = write_demo_plans(tmp_path, ended.__contains__)
        demo.listener.close()
        assert demo.kept == ()
        plan_ids = [str(load_plan(demo.folder / name)["plan_id"]) for name in ("green.yaml", "red.yaml")]
        return plan_ids, "\n".join(guide_lines(demo))

    assert written()[0] == ["demo-green", "demo-red"]
    ended |= {"demo-green", "demo-green-2"}
    plan_ids, told = written()
    assert plan_ids == ["demo-green-3", "demo-red"]
    assert "changeover pause demo-green-3 " in told
    assert "changeover retry demo-red --wait" in told


def test_what_somebody_has_changed_is_left(tmp_path: Path) -> None:
    first = write_demo_plans(tmp_path)
    assert (first.kept, sorted(path.name for path in first.folder.iterdir())) == (
        (),
        ["fleet.yaml", "green.yaml", "red.yaml"],
    )
    green, red = first.folder / "green.yaml", first.folder / "red.yaml"
    mine = green.read_text().replace("max_concurrency: 3", "max_concurrency: 1")
    green.write_text(mine)
    # Held since: another demo that starts now takes another.
    second = write_demo_plans(tmp_path)
    first.listener.close()
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
    second.listener.close()
    third = write_demo_plans(tmp_path)
    third.listener.close()
    assert (third.port, third.kept) == (second.port, ())
    assert f":{third.port}/" in green.read_text()
