"""A stop of the main process is seen in its pool's; that one of the pool leaves, in none other."""

from __future__ import annotations

import os

from workers.stop_flag import StopFlag


def seen_in_a_child(flag: StopFlag, *, leaves: bool = False) -> bool:
    child = os.fork()
    if child == 0:
        if leaves:
            flag.set()
        os._exit(flag.is_set())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_a_child_that_leaves_stops_no_other() -> None:
    flag = StopFlag()
    flag.share()
    assert seen_in_a_child(flag, leaves=True)
    assert not flag.is_set()
    assert not seen_in_a_child(flag)


def test_children_forked_before_and_after_the_stop_see_it() -> None:
    flag = StopFlag()
    flag.share()
    told, tells = os.pipe()
    earlier = os.fork()
    if earlier == 0:
        os.read(told, 1)
        os._exit(flag.is_set())
    flag.set_everywhere()
    os.write(tells, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(earlier, 0)[1]) == 1
    assert seen_in_a_child(flag)
    os.close(told)
    os.close(tells)
