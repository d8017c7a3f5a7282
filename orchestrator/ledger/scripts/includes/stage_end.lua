-- Records a stage as done: what the end of every good stage writes, whatever follows it.
-- @include keys
-- @include task
-- @include beats
-- @include counters

-- Whether the next stage simply follows: it is not the last, and nobody has asked for anything.
local function goes_on(task) return task.stage ~= task.legs and not is_asked_to_stop(task) end

-- Nothing is written that the record says already, and of a stage that none of them was written for, which most are,
-- nothing is deleted.
local function record_stage(task, name, turn, healthy)
  local key, forward, f = K.task(task.id), task.status == TASK.RUNNING, task.record
  local duration = NOW - tonumber(f.stageStartedAt or NOW)
  local fields = {'stage', task.stage}
  if f.turn and f.turn ~= '0' then fields[3], fields[4] = 'turn', 0 end
  if healthy == '1' and f.healthy ~= '1' then
    f.healthy, fields[#fields + 1], fields[#fields + 2] = '1', 'healthy', 1
  end
  redis.call('HSET', key, unpack(fields))
  if f.cursor or f.dueAt or f.recoveries then redis.call('HDEL', key, 'cursor', 'dueAt', 'recoveries') end
  task.stage_started, task.says_started = false, f.stageStarted == '1'
  emit_task(forward and 'TaskStageSucceeded' or 'TaskStageRolledBack', task, '{"durationMillis":' .. int(duration) .. '}', name)
  observe(forward and 'stage:succeeded' or 'stage:rolled_back', duration)
  if turn > 0 then count('polls:done', 1) end
end

-- Between two stages: none has started. The next one's start, and the task's end, write over what is left of this one.
local function leave_stage(task)
  task.says_started = false
  redis.call('HDEL', K.task(task.id), 'stageStarted', 'stageStartedAt')
  forget_beat(task)
end
