from __future__ import annotations

from orchestrator.embedded.child import RestartDelay


def test_the_delay_doubles_up_to_five_seconds() -> None:
    delay = RestartDelay()
    assert [delay.after(alive_seconds=1.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_ten_seconds_alive_start_the_delay_anew() -> None:
    delay = RestartDelay()
    for _ in range(4):
        delay.after(alive_seconds=0.0)
    assert delay.after(alive_seconds=9.9) == 5.0
    assert delay.after(alive_seconds=10.0) == 0.5
    assert delay.after(alive_seconds=0.0) == 1.0
