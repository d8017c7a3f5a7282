-- A task that a freeze stops waits where it is looked at no more until that freeze ends: out of its plan's queue (but for
-- the head of a plan with one slot, which nobody may pass) and of its tenant's line.
-- @include keys
-- @include freeze
-- @include task
-- @include could_start
-- @include group_line
-- @include whole
-- @include whole_plan

-- Out of the line of its tenant, with its ticket kept for when it comes back.
-- @rare
local function step_out_of_line(task)
  local ticket = redis.call('ZSCORE', K.line(task.tenant), task.id)
  if not ticket then return end
  redis.call('ZREM', K.line(task.tenant), task.id)
  redis.call('HINCRBY', K.plan(task.plan), 'n:lined', -1)
  if redis.call('EXISTS', K.line(task.tenant)) == 0 then redis.call('ZREM', K.lined(), task.tenant) end
  redis.call('HSETNX', K.task(task.id), 'ticket', int(tonumber(ticket) % TICKET_MOVE))
  redis.call('HDEL', K.task(task.id), 'waitingSince')
  task.left_line = true
end

-- It waits for no freeze any more.
local function leave_frozen(task)
  if not task.frozen_by then return end
  redis.call('ZREM', K.frozen(task.frozen_by), task.id)
  redis.call('HDEL', K.task(task.id), 'frozenBy')
  task.frozen_by = nil
end

-- Said once a wait, whatever becomes of the freeze: what is said must not grow with time.
-- @rare
local function tell_frozen(task, freeze_id)
  if redis.call('HSETNX', K.task(task.id), 'frozenTold', 1) == 0 then return end
  emit_task('TaskWaiting', task, '{"reason":"frozen","holder":' .. cjson.encode(freeze_id) .. '}')
end

-- Whether a freeze stops the task: then it waits for that from here on.
local function waits_frozen(task)
  local freeze_id = freeze_over(task)
  if not freeze_id then return false end
  if task.frozen_by == freeze_id then return true end
  if WHOLE.is_other(redis.pcall('ZCARD', K.frozen(freeze_id))) then WHOLE.damaged(K.frozen(freeze_id)) end
  WHOLE.ask_places(task)
  step_out_of_line(task)
  step_out_of_groups(task)
  leave_frozen(task)
  redis.call('ZADD', K.frozen(freeze_id), redis.call('HINCRBY', K.meta(), 'frozen', 1), task.id)
  redis.call('HSET', K.task(task.id), 'frozenBy', freeze_id)
  task.frozen_by = freeze_id
  tell_frozen(task, freeze_id)
  return true
end
