-- Accepts the failure of a task.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, awaited, lined (zsets), active (set), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanReopened PlanCompleted PlanFailed PlanCancelled PlanRolledBack
--       PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting TaskFailureAccepted
-- @include keys
-- @include acceptance
-- @include request

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.plan_status == PLAN.CREATED then return {'REFUSED', task.status, 'draft'} end
local why = why_not_accepted(task)
if why then return {why == 'accepted' and 'NOOP' or 'REFUSED', task.status, why} end
local moves = ask_acceptance(task.plan, task.plan_status, {task})
emit_operation('accept', task.plan, task, actor, reason)
accept_failure(task, actor, reason)
settle_acceptance(task.plan, task.plan_status, moves)
return {'ACCEPTED', task.status}
