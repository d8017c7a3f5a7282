-- Whether another task has moved the tenant since this one last held it; then its old config is not ours to restore.
-- @include keys
-- @include task

local function moved_since_by(task)
  if task.epoch == 0 then return nil end
  local f = redis.call('HMGET', K.tenant(task.tenant), 'mover', 'moverEpoch')
  if f[1] and f[1] ~= task.id and tonumber(f[2] or 0) > task.epoch then return f[1] end
  return nil
end
