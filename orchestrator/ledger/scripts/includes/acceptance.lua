-- Accepts a task's failure: it does not count any more, neither for its breakers nor for its plan's end.
-- @include keys
-- @include task
-- @include operation
-- @include wave_record
-- @include plan_end

-- Why it cannot be, or is already; nil when it can.
local function why_not_accepted(task)
  if task.accepted then return 'accepted' end
  if not FAILURES[task.status] then return 'not-failed' end
  return task.rollback and 'rollback-requested' or nil
end

-- The move of a plan that has ended, by the acceptance of so many failures: with all of them it is COMPLETED.
local function ask_acceptance(plan_id, status, number)
  if status ~= PLAN.FAILED then return nil end
  local f = redis.call('HMGET', K.plan(plan_id), 'total', COUNT.COMPLETED, 'n:accepted')
  local plan = {id = plan_id, status = status, total = tonumber(f[1]), accepted = tonumber(f[3] or 0) + number}
  plan[TASK.COMPLETED] = tonumber(f[2] or 0)
  return plan[TASK.COMPLETED] + plan.accepted == plan.total and ask_plan(plan, 'accept') or nil
end

local function accept_failure(task, actor, reason)
  redis.call('HSET', K.task(task.id), 'accepted', 1)
  count_accepted(task, 1)
  task.accepted = true
  emit_task('TaskFailureAccepted', task, '{"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason) .. '}')
end

local function settle_acceptance(move)
  if not move then return end
  move_plan(move)
  emit_end(move)
end
