-- Whether a plan could admit a task right now: asked of every waiter before another, so by its id alone.
-- @include keys
-- @include task_id
-- @include places
-- @include pace

-- Tickets of a tenant's line: those of rollbacks are below.
local TICKET_MOVE = 1e12

-- Whether the plan's state lets this task be admitted: rollbacks in any state, moves only while nothing stops them and
-- all that go before them (the resumed ones) are in the queue.
local function plan_admits(plan_id, is_rollback)
  local plan = redis.call('HMGET', K.plan(plan_id), 'status', 'pauseRequested', 'cancelRequested', 'resuming',
    'paced')
  if not plan[1] then return false end
  if is_rollback then return true end
  local stands = plan[1] ~= PLAN.RUNNING or plan[2] == '1' or plan[3] == '1' or plan[4] == '1'
  return not stands and (plan[5] ~= '1' or not opens_at(plan_id))
end

-- With one slot that is its head, or one that goes before a head that waits.
-- @rare
local function could_start(task_id, is_rollback)
  local plan_id = plan_of(task_id)
  if not plan_admits(plan_id, is_rollback) then return false end
  local f = redis.call('HMGET', K.task(task_id), 'wave', 'startedAt')
  -- It holds its tenant since before a pause, and waits for a group.
  local goes_on = not is_rollback and tonumber(f[2] or 0) > 0
  if is_rollback then
    if free_slots(plan_id) <= 0 then return false end
  elseif not move_may_start(plan_id, tonumber(f[1] or nil), goes_on) then
    return false
  end
  return goes_on or max_of(plan_id) ~= '1' or redis.call('ZRANGE', K.queue(plan_id), 0, 0)[1] == task_id
end
