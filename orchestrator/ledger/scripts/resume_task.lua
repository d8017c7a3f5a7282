-- Lets a paused task go on: through admission, ahead of the moves. In a paused plan it then waits for the plan.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant}
--       (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested
-- @include keys
-- @include resume
-- @include request

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.rollback then return {'REFUSED', task.status, 'rollback-requested'} end
local forbidden = plan_forbids(task)
if forbidden then return {'REFUSED', task.status, forbidden} end
if task.status == TASK.RUNNING then
  if not task.pause then return {'NOOP', task.status, 'running'} end
  emit_operation('resume', task.plan, task, actor, reason, '{"atOnce":true}')
  redis.call('HDEL', K.task(task_id), 'pauseRequested')
  return {'ACCEPTED', task.status}
end
if task.status == TASK.PENDING then return {'NOOP', task.status, 'waiting'} end
if not task_row(task.status, 'resume') then return {'REFUSED', task.status, 'state'} end
ask_task(task, 'resume')
emit_operation('resume', task.plan, task, actor, reason)
resume_task(task)
return {'ACCEPTED', task.status}
