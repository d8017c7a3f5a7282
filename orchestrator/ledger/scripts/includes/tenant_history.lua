-- Whether another task has moved the tenant since this one last held it; then its old config is not ours to restore.
-- @include keys
-- @include task

local function moved_since_by(task)
  if task.epoch == 0 then return nil end
  local f = redis.call('HMGET', K.tenant(task.tenant), 'mover', 'moverEpoch')
  if f[1] and f[1] ~= task.id and tonumber(f[2] or 0) > task.epoch then return f[1] end
  return nil
end

-- At the first stage of a forward or backward run: from now on this task is the one that changed the tenant last.
-- Who did before is kept, to be named again once this task has undone its own move and nothing else.
local function become_mover(task)
  local tenant = K.tenant(task.tenant)
  local before = redis.call('HMGET', tenant, 'mover', 'moverEpoch')
  if before[1] ~= task.id then
    if task.status == 'RUNNING' then
      redis.call('HSET', K.task(task.id), 'moverBefore', before[1] or '', 'moverEpochBefore', before[2] or '0')
    else
      redis.call('HDEL', K.task(task.id), 'moverBefore', 'moverEpochBefore')
    end
  end
  redis.call('HSET', tenant, 'mover', task.id, 'moverEpoch', int(task.epoch))
end

local function give_back_mover(task)
  local before = redis.call('HMGET', K.task(task.id), 'moverBefore', 'moverEpochBefore')
  redis.call('HDEL', K.task(task.id), 'moverBefore', 'moverEpochBefore')
  if not before[1] then return end
  if before[1] == '' then redis.call('HDEL', K.tenant(task.tenant), 'mover', 'moverEpoch')
  else redis.call('HSET', K.tenant(task.tenant), 'mover', before[1], 'moverEpoch', before[2]) end
end
