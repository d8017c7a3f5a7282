-- The end of a retry: of its task, or of the attempt that is given up for the way back.
-- @include keys
-- @include task

local function end_retry(task, success)
  if task.retrying == '' then return end
  redis.call('HDEL', K.task(task.id), 'retrying')
  -- A retry that was given up before its admission never started, so it does not complete either.
  if task.started_at > 0 then
    emit_task('TaskRetryCompleted', task, '{"fromCheckpoint":' .. tostring(task.retrying == 'checkpoint')
      .. ',"success":' .. tostring(success) .. '}')
  end
  task.retrying = ''
end
