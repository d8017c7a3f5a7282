-- The heartbeat of a stage that has started: a TaskProgress whenever HEARTBEAT_MS have passed since the last one.
-- @include keys
-- @include settings
-- @include task
-- @include beats

local function beat_if_due(task)
  local last = task.record.beatAt
  if last and NOW - tonumber(last) < SETTINGS.HEARTBEAT_MS then return end
  -- Unknown after a pause in the middle of a stage: counted from now on.
  redis.call('HSET', K.task(task.id), 'beatAt', int(NOW))
  note_beat(task, NOW)
  if not last then return end
  emit_task('TaskProgress', task, '{"completedStages":' .. task.stage .. ',"totalStages":' .. task.legs .. '}')
end
