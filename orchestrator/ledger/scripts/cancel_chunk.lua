-- Cancels the next waiting or paused tasks of a cancelled plan. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches what cancel_task touches
-- ARGV  1 plan id  2 the most tasks to look at
-- CODES MORE | DONE
-- EVENTS TaskCancelled TaskRetryCompleted PlanProgress PlanCancelled
-- @include keys
-- @include boundary

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'cancelRequested', 'cancelCursor', 'total', 'cancelledBy')
if f[1] ~= '1' or not f[2] then return {'DONE'} end
local first, total = tonumber(f[2]), tonumber(f[3])
local last = math.min(first + limit, total) - 1
redis.call('HSET', plan, 'cancelCursor', last + 1)
if last + 1 == total then redis.call('HDEL', plan, 'cancelCursor') end
for position = first, last do
  local task = read_task(task_id_of(plan_id, position))
  if (task.status == 'PENDING' or task.status == 'PAUSED') and not task.rollback then cancel_task(task, f[4]) end
end
return {last + 1 < total and 'MORE' or 'DONE'}
