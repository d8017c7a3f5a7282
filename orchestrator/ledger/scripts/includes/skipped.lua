-- Stages that a person has let a task go on behind although they failed: 'skipped' has their names, a line each, and
-- 'skipStage' the index of the last one, which its next admission records without running it.
-- @include keys
-- @include wave_record
-- @include move

-- It counts among what its plan has accepted from when it moves again until it fails: one that has failed counts as that
-- (see count_failure).
local function note_skipped(task, index, name)
  local before = redis.call('HGET', K.task(task.id), 'skipped')
  redis.call('HSET', K.task(task.id), 'skipStage', index, 'skipped', (before and before .. '\n' or '') .. name)
  task.record.skipped = name
end

-- Its stages are run again, or are back.
local function forget_skipped(task)
  if redis.call('HDEL', K.task(task.id), 'skipped', 'skipStage') == 0 then return end
  task.record.skipped = nil
  if not FAILURES[task.status] then count_task(task, 'skipped', -1) end
end
