-- Gives plans their turns, and puts waiters back into their plans' queues.
-- @include keys
-- @include task
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

-- Whoever waits elsewhere is not in its plan's queue; but for the head of a plan with one slot, which nobody may pass.
local function leave_queue(task)
  if redis.call('HGET', K.plan(task.plan), 'max') ~= '1' then redis.call('ZREM', K.queue(task.plan), task.id) end
end

-- So many waiters one script looks at, of whatever lines; the sweep goes on with a line that has more.
local looks_left = 50

-- The next sweep looks at such a line before all others: one that was woken may have been paused before its turn.
local SOON = 1e13
