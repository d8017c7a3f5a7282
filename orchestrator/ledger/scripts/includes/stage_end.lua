-- Records a stage as done: what the end of every good stage writes, whatever follows it.
-- @include keys
-- @include boundary
-- @include snapshot
-- @include rollback_end
-- @include counters

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

local function record_stage(task, name, turn, healthy, forward)
  local key = K.task(task.id)
  local duration = NOW - tonumber(redis.call('HGET', key, 'stageStartedAt'))
  if healthy == '1' then redis.call('HSET', key, 'stage', task.stage, 'turn', 0, 'healthy', 1)
  else redis.call('HSET', key, 'stage', task.stage, 'turn', 0) end
  redis.call('HDEL', key, 'cursor', 'stageStarted', 'stageStartedAt', 'dueAt', 'recoveries')
  task.stage_started = false
  emit_task(forward and 'TaskStageSucceeded' or 'TaskStageRolledBack', task, '{"durationMillis":' .. int(duration) .. '}', name)
  observe(forward and 'stage:succeeded' or 'stage:rolled_back', duration)
  if turn > 0 then count('polls:done', 1) end
end
