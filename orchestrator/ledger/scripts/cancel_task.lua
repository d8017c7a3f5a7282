-- Gives a task up: in the call when it waits or is paused, at its next boundary when it runs. Of a task whose
-- rollback is asked for and not begun, it is the rollback that is given up.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request}
--       (strings), ended, ready, leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing,
--       awaited, grouped, lined, group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active,
--       group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status, why | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskCancelled TaskRetryCompleted
-- @include keys
-- @include rollback_request
-- @include request

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

local task = read_task(task_id)
if not task then return {'MISSING'} end
local forbidden = plan_forbids(task)
if forbidden == 'draft' then return {'REFUSED', task.status, forbidden} end
-- What the plan's own way back has not reached yet would be reached all the same.
local is_due = task.touched > 0 and (task.status == TASK.RUNNING or not task.rollback)
if forbidden == 'plan-rolling-back' and is_due then return {'REFUSED', task.status, forbidden} end
if task.rollback then
  ask_withdrawal(task)
  emit_operation('cancel', task.plan, task, actor, reason, '{"withdraws":"rollback"}')
  give_up_rollback(task, actor)
  return {'ACCEPTED', task.status, 'withdrawn'}
end
if task.status == TASK.CANCELLED then return {'NOOP', task.status, 'cancelled'} end
if not task_row(task.status, 'cancel') then return {'REFUSED', task.status, 'state'} end
if task.status == TASK.RUNNING then
  if task.cancel then return {'NOOP', task.status, 'cancelling'} end
  emit_operation('cancel', task.plan, task, actor, reason)
  redis.call('HSET', K.task(task_id), 'cancelRequested', 1, 'cancelledBy', actor)
  return {'ACCEPTED', task.status, is_in_last_stage(task) and 'last-stage' or ''}
end
ask_settled(task, 'cancel')
emit_operation('cancel', task.plan, task, actor, reason)
cancel_task(task, actor)
return {'ACCEPTED', task.status}
