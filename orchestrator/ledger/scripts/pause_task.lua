-- Asks one task to pause: at its next boundary when it runs, in the call when it waits.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, grouped, lined, group-line:{group},
--       frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan}
--       (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status, why | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
--       TaskWaiting TaskPaused
-- @include keys
-- @include rollback_request
-- @include request

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.rollback then return {'REFUSED', task.status, 'rollback-requested'} end
local forbidden = plan_forbids(task)
if forbidden then return {'REFUSED', task.status, forbidden} end
if task.status == TASK.PAUSED then
  if redis.call('SISMEMBER', K.plan_paused(task.plan), task_id) == 0 then return {'NOOP', task.status, 'paused'} end
  -- Its plan had paused it; now it also stays paused when the plan resumes.
  emit_operation('pause', task.plan, task, actor, reason, '{"atOnce":true}')
  redis.call('SREM', K.plan_paused(task.plan), task_id)
  return {'ACCEPTED', task.status}
end
if not task_row(task.status, 'pause') then return {'REFUSED', task.status, 'state'} end
if task.status == TASK.RUNNING then
  if task.cancel then return {'REFUSED', task.status, 'cancel-requested'} end
  if task.pause then return {'NOOP', task.status, 'pausing'} end
  emit_operation('pause', task.plan, task, actor, reason)
  redis.call('HSET', K.task(task_id), 'pauseRequested', 1)
  return {'ACCEPTED', task.status, is_in_last_stage(task) and 'last-stage' or ''}
end
ask_settled(task, 'pause')
emit_operation('pause', task.plan, task, actor, reason)
stop_waiting(task)
settle_plan(task.plan_move)
return {'ACCEPTED', task.status}
