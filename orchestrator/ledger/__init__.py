"""All state in Redis: keys, the scripts that change it, typed verbs, reads. Truth, order and locks live here.

Lease, epoch and grace: how a task is in one pair of hands
==========================================================

*Authority.* A task's record in Redis says who works on it: ``epoch`` (which admission), ``stage`` and ``turn`` (which
delivery's worth of work), ``lease`` (``queued``: a message should be on its way; ``running``: a worker is at it). Only
the scripts change these, each in one atomic step, and each checks them first. No process is a leader; whoever calls the
script that is allowed right now has won, and everybody else gets a named refusal. Messages and memory are hints.

*What each part is for.*

- The **epoch** says *whose* work counts. It is drawn from one counter of the namespace at every admission and every
  recovery, so a later holder's is always higher. A record, or a write at a target (the fence), that carries a lower
  one is refused. It needs no clock: an old worker that wakes after an hour is harmless.
- The **turn** says *which delivery* counts. Copies of a message begin nothing: the first one to begin a turn has it.
- The **lease** says *when to stop believing*. It only costs time when it is wrong, never correctness: too early, and a
  live worker is fenced off and its stage runs again (steps are idempotent); too late, and a task waits longer.
- The **grace** says *when not to judge*. After an outage everybody's lease is overdue at once and nobody is to blame.

*The life of a lease.*

::

      admit / recover / end of a stage                    begin (once a turn); advance, for the same worker
    ------------------------------------>  queued  ------------------------->  running --.
                                            ^   |                                ^   |   | renew, every renew_seconds,
                          poll_again        |   | overdue: publish the same      |   '---' by one thread a process
                     (turn + 1, due later)  |   | turn again, never counted;
                                            |   | intervals double to a minute   | overdue: the worker is gone:
                                            '---+--------------------------------' new epoch, counted, bounded
                                                                                    (then FAILED with the reason)

*The trust window.* A worker renews every ``renew_seconds`` (at most a third of ``lease_seconds``): two renewals may be
lost before its turn is taken. It learns that it was taken from its next renewal and stops at the next step; what it
does meanwhile is refused by the epoch. All times are the ledger's own clock (``clock.py``), which steps of Redis' clock
do not reach; a worker's clock decides nothing.

*Grace.* Leases and deadlines are left alone until ``sweepNotBefore``. It is set one lease ahead when the server is
another one (its ``run_id`` changed), when no coordinator ticked for longer than a lease, and when the clock took
silence out. A coordinator's own start is no reason: one that is restarted among others finds ticks that are fresh.

*Failures.*

===============================================  =====================================================================
what dies                                        what happens
===============================================  =====================================================================
coordinator between admission and publish        the queued lease runs out, another publishes the same turn
the message                                      the same
worker before begin                              the same
worker after begin                               the running lease runs out: new epoch, from checkpoint and cursor
worker after its effect, before the record       the same; the stage's unrecorded steps run again
worker sleeps through its lease and wakes        its record is STALE, its fenced writes are refused
reply to begin, advance, fail or poll_again      the same call again is known by its delivery token: same answer
worker after advance, what follows has begun     the running lease of what follows runs out: as after begin
Redis, with its append-only file                 grace, then as above
Redis fails over and loses the last writes       epochs go on at least 100,000 further, so that none is given out twice;
                                                 then as above
every worker                                     tasks wait with queued leases; nothing is counted or failed for it
every coordinator                                running stages end and record; nothing is admitted or recovered until
                                                 one is back, and it gives grace first
===============================================  =====================================================================
"""
