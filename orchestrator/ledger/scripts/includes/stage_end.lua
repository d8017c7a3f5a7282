-- Records a stage as done: what the end of every good stage writes, whatever follows it.
-- @include keys
-- @include boundary
-- @include snapshot
-- @include rollback_end
-- @include counters
-- @include beats

-- Asks the table for what follows: the task's end, or what was asked for at the boundary; nil when the next stage does.
local function ask_stage_end(task, forward)
  -- With a way back asked for (and a config to go back to), the last boundary is one to turn at, not an end.
  local turns = forward and (task.rollback or (task.plan_status == 'ROLLING_BACK' and can_go_back(task)))
  if task.stage == task.legs and not turns then
    ask_settled(task, forward and 'complete' or 'rollback_done')
    return 'ENDS'
  end
  return ask_boundary(task)
end

-- Of a stage that none of them was written for, which most are, nothing is deleted.
local function record_stage(task, name, turn, healthy, forward)
  local key = K.task(task.id)
  local f = redis.call('HMGET', key, 'stageStartedAt', 'cursor', 'dueAt', 'recoveries')
  local duration = NOW - tonumber(f[1])
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
