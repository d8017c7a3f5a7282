-- Whether a look at a task is the one that its soak waits for.
-- @include keys
-- @include wave_record
-- @include task

local function is_looked_for(task, look)
  local f = redis.call('HMGET', K.plan(task.plan), 'passed', 'soakLook', 'cancelRequested')
  if not task.wave or task.status ~= TASK.COMPLETED or f[3] == '1' then return false end
  if tonumber(f[1] or nil) ~= task.wave or wave_state(task.plan, task.wave) ~= WAVE.SOAKING then return false end
  return tonumber(f[2] or 0) == look and tonumber(redis.call('HGET', K.task(task.id), 'looked') or 0) < look
end
