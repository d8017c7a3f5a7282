-- Tells coordinators what became possible, in the write that made it so.
-- @include keys
-- @include task

-- A plan that may be able to move gets a turn; a plan that has one to come needs no second. The inbox rings.
local function wake_plan(plan_id)
  if redis.call('ZADD', K.ready(), 'NX', NOW, plan_id) == 1 then
    redis.call('XADD', K.inbox(), 'MAXLEN', '~', 100000, '*', 'plan', plan_id)
  end
end

local function wake_dispatch(task_id)
  redis.call('XADD', K.inbox(), 'MAXLEN', '~', 100000, '*', 'plan', plan_of(task_id), 'task', task_id)
end

-- All waiters of the tenant go back to their places in their plans' queues and keep their tickets.
local function wake_tenant(tenant_id)
  for _, task_id in ipairs(redis.call('ZRANGE', K.line(tenant_id), 0, -1)) do
    local waiter = read_task(task_id)
    if waiter then
      redis.call('ZADD', K.queue(waiter.plan), waiter.rank, task_id)
      wake_plan(waiter.plan)
    end
  end
end

-- Whether it stood there.
local function leave_line(task)
  if redis.call('ZREM', K.line(task.tenant), task.id) == 0 then return false end
  if redis.call('EXISTS', K.line(task.tenant)) == 0 then redis.call('ZREM', K.lined(), task.tenant) end
  redis.call('HDEL', K.task(task.id), 'waitingSince')
  return true
end

-- A task that waits no more. The head of a plan with one slot may have blocked the others, and for a waiter with a lower
-- ticket others have left a free tenant alone.
local function stop_queueing(task)
  local queue = K.queue(task.plan)
  local was_head = redis.call('ZRANGE', queue, 0, 0)[1] == task.id
  redis.call('ZREM', queue, task.id)
  if was_head then wake_plan(task.plan) end
  if leave_line(task) and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0 then wake_tenant(task.tenant) end
end
