-- Gives plans their turns, and puts waiters back into their plans' queues.
-- @include keys
-- @include task
-- @include sound
-- @include whole

-- Where the inbox is damaged they come by themselves, a little later.
local function ring(plan_id, ...)
  local rung = redis.pcall('XADD', K.inbox(), 'MAXLEN', '~', 100000, '*', 'plan', plan_id, ...)
  if type(rung) == 'table' and is_refusal(rung.err) then error(rung, 0) end
end

-- A plan that may be able to move gets a turn; a plan that has one to come needs no second. The inbox rings.
-- @rare
local function wake_plan(plan_id)
  assert(ASKED.index, 'the plans that are ready were not asked for')
  if redis.call('ZADD', K.ready(), 'NX', NOW, plan_id) == 1 then ring(plan_id) end
end

-- @rare
local function wake_dispatch(task_id) ring(plan_of(task_id), 'task', task_id) end

-- A waiter goes back to its place in its plan's queue; it keeps its ticket. False when its record is damaged.
-- @rare
local function back_to_queue(task_id)
  local waiter, queue = read_task(task_id), K.queue(plan_of(task_id))
  if not waiter then return false end
  if not redis.call('ZSCORE', queue, task_id) then redis.call('ZADD', queue, waiter.rank, task_id) end
  return true
end

-- Whoever waits elsewhere is not in its plan's queue; but for the head of a plan with one slot, which nobody may pass.
-- @rare
local function leave_queue(task)
  if redis.call('HGET', K.plan(task.plan), 'max') ~= '1' then redis.call('ZREM', K.queue(task.plan), task.id) end
end

-- So many waiters one script looks at, of whatever lines (left); the sweep goes on with a line that has more. How many of
-- them it has taken out of the line (out): only then does looking again at once come any further.
local LOOKS = {left = 50, out = 0}

-- The next sweep looks at such a line before all others: one that was woken may have been paused before its turn.
local SOON = 1e13
