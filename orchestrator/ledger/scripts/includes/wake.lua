-- Tells coordinators what became possible, in the write that made it so.
-- @include keys
-- @include task
-- @include could_start
-- @include frozen
-- @include sound

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

-- Leaves the line for its plan's queue, and keeps its ticket for when it comes back; out of all when it is damaged.
local function stand_back(tenant_id, task_id, ticket)
  local line = K.line(tenant_id)
  redis.call('ZREM', line, task_id)
  if redis.call('EXISTS', line) == 0 then redis.call('ZREM', K.lined(), tenant_id) end
  if not plan_of(task_id) or not sound(back_to_queue, task_id) then return end
  redis.call('HSET', K.task(task_id), 'ticket', string.format('%.0f', ticket % TICKET_MOVE))
  redis.call('HDEL', K.task(task_id), 'waitingSince')
  redis.call('HINCRBY', K.plan(plan_of(task_id)), 'n:lined', -1)
end

-- So many waiters one script looks at, of whatever lines; the sweep goes on with a line that has more.
local looks_left = 50

-- Who cannot start, whatever its plan does, waits elsewhere from now on.
local function waits_elsewhere(task_id)
  if #freezes_in_force() == 0 then return false end
  local task = read_task(task_id)
  local freeze_id = task and frozen_by(task)
  if not freeze_id then return false end
  if redis.call('HGET', K.plan(task.plan), 'max') ~= '1' then redis.call('ZREM', K.queue(task.plan), task_id) end
  wait_frozen(task, freeze_id)
  return true
end

-- The first in the line of a free tenant whose plan could admit it right now. Those before it stand back, so that nobody
-- is looked at twice in vain; their plans' next turns come to them. Answers also whether the script may look no further:
-- then the named one has not been looked at. Of a task that asks for itself only those before it count.
local function first_in_line(tenant_id, asking)
  local waiters = redis.call('ZRANGE', K.line(tenant_id), 0, looks_left, 'WITHSCORES')
  for i = 1, #waiters, 2 do
    local task_id, ticket = waiters[i], tonumber(waiters[i + 1])
    -- Rollbacks stand first in the line, so one that has not joined it yet yields to other rollbacks only.
    if asking and (task_id == asking.id or (asking.rollback and ticket >= TICKET_MOVE)) then return nil end
    if looks_left <= 0 then return task_id, true end
    looks_left = looks_left - 1
    if not sound(waits_elsewhere, task_id) then
      if sound(could_start, task_id, ticket < TICKET_MOVE) and sound(back_to_queue, task_id) then return task_id end
      sound(stand_back, tenant_id, task_id, ticket)
    end
  end
  return nil
end

-- The next sweep looks at such a line before all others: one that was woken may have been paused before its turn.
local SOON = 1e13

-- Gives a turn to the plan of the first in line; those behind it would find the tenant held.
local function wake_waiter(tenant_id, task_id, not_looked_at)
  if not not_looked_at then wake_plan(plan_of(task_id)) end
  redis.call('ZADD', K.lined(), 'XX', NOW - SOON, tenant_id)
end

local function wake_line(tenant_id)
  local task_id, not_looked_at = first_in_line(tenant_id)
  if task_id then wake_waiter(tenant_id, task_id, not_looked_at) end
end

-- The tenant is free.
local function wake_tenant(tenant_id) sound(wake_line, tenant_id) end

-- Out of all that it waits in beside its plan's queue. Whether it stood in its tenant's line.
local function leave_line(task)
  leave_frozen(task)
  redis.call('HDEL', K.task(task.id), 'waitingSince', 'ticket', 'frozenTold')
  if redis.call('ZREM', K.line(task.tenant), task.id) == 0 then return false end
  redis.call('HINCRBY', K.plan(task.plan), 'n:lined', -1)
  if redis.call('EXISTS', K.line(task.tenant)) == 0 then redis.call('ZREM', K.lined(), task.tenant) end
  return true
end

-- It keeps nobody behind it in its tenant's line: for a lower ticket others have left a free tenant alone.
local function let_by(task)
  if leave_line(task) and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0 then wake_tenant(task.tenant) end
end

-- A task that waits no more. The head of a plan with one slot may have blocked the others.
local function stop_queueing(task)
  local queue = K.queue(task.plan)
  local was_head = redis.call('ZRANGE', queue, 0, 0)[1] == task.id
  redis.call('ZREM', queue, task.id)
  if was_head then wake_plan(task.plan) end
  let_by(task)
end
