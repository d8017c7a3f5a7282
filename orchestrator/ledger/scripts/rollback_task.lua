-- Asks for one task's way back. It is admitted like a move, ahead of all moves; a running task turns at its boundary.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, grouped, lined, group-line:{group},
--       frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan}
--       (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to force
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why, what | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanReopened TaskWaiting TaskPaused
-- @include keys
-- @include rollback_request
-- @include tenant_history
-- @include snapshot
-- @include request

local task_id, actor, reason, force = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1'

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.rollback then return {'NOOP', task.status, 'rollback-requested'} end
if task.status == TASK.ROLLING_BACK then return {'NOOP', task.status, 'rolling-back'} end
if task.status == TASK.ROLLED_BACK then return {'NOOP', task.status, 'rolled-back'} end
if task.plan_status == PLAN.CREATED then return {'REFUSED', task.status, 'draft'} end
if task.touched == 0 then
  local may_cancel = task_row(task.status, 'cancel') and not task.cancel
  return {'REFUSED', task.status, 'touched-nothing', may_cancel and 'cancel' or ''}
end
if not has_snapshot(task) then return {'REFUSED', task.status, 'no-snapshot'} end
local other = moved_since_by(task)
if other and not force then return {'REFUSED', task.status, 'moved', other} end
if not may_roll_back(task) then return {'REFUSED', task.status, 'state'} end

local reopening = ask_reopening(task)
ask_request(task, {})
emit_operation('rollback', task.plan, task, actor, reason, '{"force":' .. tostring(force) .. '}')
reopen_plan(reopening)
request_rollback(task, force)
return {'ACCEPTED', task.status}
