-- Tells coordinators what became possible, in the write that made it so.
-- @include keys
-- @include task
-- @include could_start

-- A plan that may be able to move gets a turn; a plan that has one to come needs no second. The inbox rings.
local function wake_plan(plan_id)
  if redis.call('ZADD', K.ready(), 'NX', NOW, plan_id) == 1 then
    redis.call('XADD', K.inbox(), 'MAXLEN', '~', 100000, '*', 'plan', plan_id)
  end
end

local function wake_dispatch(task_id)
  redis.call('XADD', K.inbox(), 'MAXLEN', '~', 100000, '*', 'plan', plan_of(task_id), 'task', task_id)
end

-- A waiter goes back to its place in its plan's queue; it keeps its ticket. False when its record is damaged.
local function back_to_queue(task_id)
  local queue = K.queue(plan_of(task_id))
  if redis.call('ZSCORE', queue, task_id) then return true end
  local waiter = read_task(task_id)
  if waiter then redis.call('ZADD', queue, waiter.rank, task_id) end
  return waiter ~= nil
end

-- The tenant is free. The first in its line whose plan could admit it right now gets a turn, and only that one: those
-- behind it would find the tenant held. Those before it go back to their queues too, for when their plans can go on.
-- Answers how many it looked at.
local function wake_tenant(tenant_id)
  local line = K.line(tenant_id)
  local waiters = redis.call('ZRANGE', line, 0, -1, 'WITHSCORES')
  for i = 1, #waiters, 2 do
    local task_id = waiters[i]
    if not plan_of(task_id) or not back_to_queue(task_id) then
      redis.call('ZREM', line, task_id)
    elseif could_start(task_id, tonumber(waiters[i + 1]) < TICKET_MOVE) then
      wake_plan(plan_of(task_id))
      return (i + 1) / 2
    end
  end
  return #waiters / 2
end

-- Whether it stood there.
local function leave_line(task)
  if redis.call('ZREM', K.line(task.tenant), task.id) == 0 then return false end
  redis.call('HINCRBY', K.plan(task.plan), 'n:lined', -1)
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
