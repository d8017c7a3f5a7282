-- When a task is overdue: its stage's timeout from the stage's start, its own from the time it has been admitted.
-- Paused and waiting time does not count: 'ranMillis' is what earlier admissions used up.
-- @include keys
-- @include task

-- index is the plan stage that has just started; nil between stages.
local function set_deadline(task, index)
  if not task.timed then return end
  local plan = redis.call('HMGET', K.plan(task.plan), 'taskTimeout', 'stageTimeout:' .. (index or ''))
  -- A timeout that a hand has made no number of is none.
  local of_task = WHOLE.is_whole(plan[1]) and tonumber(plan[1])
  local of_stage, at = WHOLE.is_whole(plan[2]) and tonumber(plan[2]), nil
  if of_task then
    local used = redis.call('HMGET', K.task(task.id), 'admittedAt', 'ranMillis')
    at = tonumber(used[1] or NOW) + of_task - tonumber(used[2] or 0)
  end
  if of_stage then at = math.min(at or math.huge, NOW + of_stage) end
  if at then redis.call('ZADD', K.deadlines(), at, task.id) else redis.call('ZREM', K.deadlines(), task.id) end
end

-- Time between a pause and the next admission: part of the duration that people are told, and named beside it.
-- @rare
local function note_pause(task) redis.call('HSET', K.task(task.id), 'pausedAt', int(WALL)) end

local function note_pause_over(task)
  local paused_at = task.record.pausedAt
  if not paused_at then return end
  redis.call('HINCRBY', K.task(task.id), 'pausedMillis', int(passed(tonumber(paused_at))))
  redis.call('HDEL', K.task(task.id), 'pausedAt')
  task.record.pausedAt = nil
end

-- At a pause: the time since admission is used up.
-- @rare
local function stop_deadline(task)
  if not task.timed then return end
  local admitted_at = redis.call('HGET', K.task(task.id), 'admittedAt')
  if admitted_at then redis.call('HINCRBY', K.task(task.id), 'ranMillis', int(NOW - tonumber(admitted_at))) end
end
