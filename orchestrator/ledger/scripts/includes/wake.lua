-- Tells coordinators what became possible, in the write that made it so.
-- @include keys
-- @include task
-- @include wake_plan
-- @include could_start
-- @include frozen
-- @include group_wait
-- @include group_line
-- @include sound

-- Leaves the line for its plan's queue, and keeps its ticket for when it comes back; out of all when it is damaged.
-- @rare
local function stand_back(tenant_id, task_id, ticket)
  local line = K.line(tenant_id)
  redis.call('ZREM', line, task_id)
  if redis.call('EXISTS', line) == 0 then redis.call('ZREM', K.lined(), tenant_id) end
  if not plan_of(task_id) or not sound(back_to_queue, task_id) then return end
  -- An older release kept it in the line alone.
  redis.call('HSETNX', K.task(task_id), 'ticket', string.format('%.0f', ticket % TICKET_MOVE))
  redis.call('HDEL', K.task(task_id), 'waitingSince')
  redis.call('HINCRBY', K.plan(plan_of(task_id)), 'n:lined', -1)
end

-- Who waits in a tenant's line and cannot start whatever its plan does, waits elsewhere from now on.
-- @rare
local function waits_elsewhere(task_id)
  if #freezes_in_force() == 0 and redis.call('HEXISTS', K.task(task_id), 'groups') == 0 then return false end
  local task = read_task(task_id)
  if not task or not (waits_frozen(task) or waits_for_group(task)) then return false end
  leave_queue(task)
  return true
end

-- Whether a task that asks for a tenant has its place in the line before this waiter; of one score, as Redis sorts them. As if
-- it had joined, each task that goes before others by its priority uses up a ticket once it is admitted (see take_places): else
-- they could be overtaken for ever.
-- @rare
local function stands_before(asking, waiter_id, score)
  local kept = asking.record.ticket
  local ticket = tonumber(kept or (redis.call('HGET', K.meta(), 'ticket') or 0) + 1)
  local own = score_of(asking, ticket)
  if own > score or (own == score and asking.id > waiter_id) then return false end
  asking.uses_ticket = not kept and not asking.rollback
  return true
end

-- The first in the line of a free tenant whose plan could admit it right now. Those before it stand back, so that nobody
-- is looked at twice in vain; their plans' next turns come to them. Answers also whether the script may look no further:
-- then the named one has not been looked at. Of a task that asks for itself only those count that it would stand behind, were
-- it to join the line: else it would stand first there, and the turn be another's.
local function first_in_line(tenant_id, asking)
  local waiters = redis.call('ZRANGE', K.line(tenant_id), 0, LOOKS.left, 'WITHSCORES')
  for i = 1, #waiters, 2 do
    local task_id, ticket = waiters[i], tonumber(waiters[i + 1])
    if asking and (task_id == asking.id or stands_before(asking, task_id, ticket)) then return nil end
    if LOOKS.left <= 0 then return task_id, true end
    LOOKS.left = LOOKS.left - 1
    if not sound(waits_elsewhere, task_id) then
      if sound(could_start, task_id, ticket < TICKET_MOVE) and sound(back_to_queue, task_id) then return task_id end
      sound(stand_back, tenant_id, task_id, ticket)
    end
    LOOKS.out = LOOKS.out + 1
  end
  return nil
end

-- Gives a turn to the plan of the first in line; those behind it would find the tenant held.
-- @rare
local function wake_waiter(tenant_id, task_id, not_looked_at)
  if not not_looked_at then wake_plan(plan_of(task_id)) end
  redis.call('ZADD', K.lined(), 'XX', NOW - SOON, tenant_id)
end

local function wake_line(tenant_id)
  local task_id, not_looked_at = first_in_line(tenant_id)
  if task_id then wake_waiter(tenant_id, task_id, not_looked_at) end
end

local function wake_tenant(tenant_id) sound(wake_line, tenant_id) end

-- Out of all that it waits in beside its plan's queue; it keeps its ticket, and what was told of its wait. Whether it stood in
-- its tenant's line.
-- @rare
local function step_out(task)
  leave_frozen(task)
  leave_group_lines(task)
  if redis.call('ZREM', K.line(task.tenant), task.id) == 0 then return false end
  redis.call('HINCRBY', K.plan(task.plan), 'n:lined', -1)
  if redis.call('EXISTS', K.line(task.tenant)) == 0 then redis.call('ZREM', K.lined(), task.tenant) end
  return true
end

-- Its wait is over.
local function leave_line(task)
  redis.call('HDEL', K.task(task.id), 'waitingSince', 'ticket', 'frozenTold', 'groupTold', 'overtaken')
  step_out(task)
end

-- It keeps nobody behind it in a line: for a lower ticket others have left a free tenant, or a group's place, alone.
-- @rare
local function let_by(task)
  local left = {}
  for _, place in ipairs(task.group_for and places_of(task) or {}) do
    if leave_group_line(task.id, place.name) then left[#left + 1] = place.name end
  end
  for _, name in ipairs(left) do sound(wake_group, name) end
  if step_out(task) and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0 then wake_tenant(task.tenant) end
end

-- A task that waits no more, wherever the end of one read beside it has led it. A plan's only slot may go to the next.
-- @rare
local function stop_queueing(task)
  local f = redis.call('HMGET', K.task(task.id), 'frozenBy', 'groupFor')
  task.frozen_by, task.group_for = f[1] or nil, f[2] or nil
  local was_head = redis.call('ZRANGE', K.queue(task.plan), 0, 0)[1] == task.id
  redis.call('ZREM', K.queue(task.plan), task.id)
  if was_head then wake_plan(task.plan) end
  let_by(task)
  leave_line(task)
end
