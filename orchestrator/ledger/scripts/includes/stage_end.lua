-- Records a stage as done: what the end of every good stage writes, whatever follows it.
-- @include keys
-- @include task
-- @include beats
-- @include counters

-- Whether the next stage simply follows: it is not the last, and nobody has asked for anything. Task and plan as read.
local function goes_on(task)
  if task.stage == task.legs then return false end
  return task.status ~= 'RUNNING' or not (task.rollback or task.cancel or task.pause or task.plan_cancels
    or task.plan_pauses or task.plan_status == 'ROLLING_BACK')
end

-- Of a stage that none of them was written for, which most are, nothing is deleted.
local function record_stage(task, name, turn, healthy)
  local key, forward = K.task(task.id), task.status == 'RUNNING'
  local f = redis.call('HMGET', key, 'stageStartedAt', 'cursor', 'dueAt', 'recoveries')
  local duration = NOW - tonumber(f[1] or NOW)
  if healthy == '1' then redis.call('HSET', key, 'stage', task.stage, 'turn', 0, 'healthy', 1)
  else redis.call('HSET', key, 'stage', task.stage, 'turn', 0) end
  if f[2] or f[3] or f[4] then redis.call('HDEL', key, 'cursor', 'dueAt', 'recoveries') end
  task.stage_started = false
  emit_task(forward and 'TaskStageSucceeded' or 'TaskStageRolledBack', task, '{"durationMillis":' .. int(duration) .. '}', name)
  observe(forward and 'stage:succeeded' or 'stage:rolled_back', duration)
  if turn > 0 then count('polls:done', 1) end
end

-- Between two stages: none has started. The next one's start, and the task's end, write over what is left of this one.
local function leave_stage(task)
  redis.call('HDEL', K.task(task.id), 'stageStarted', 'stageStartedAt')
  forget_beat(task)
end
