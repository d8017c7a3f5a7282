-- Whether another task has moved the tenant since this one last held it; then its old config is not ours to restore.
-- @include keys
-- @include task

-- Stored under their first names, so that two releases can work side by side; see orchestrator/ledger/keys.py.
local LAST_MOVER, LAST_MOVER_EPOCH = 'mover', 'moverEpoch'
local PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH = 'moverBefore', 'moverEpochBefore'

local function moved_since_by(task)
  if task.epoch == 0 then return nil end
  local f = redis.call('HMGET', K.tenant(task.tenant), LAST_MOVER, LAST_MOVER_EPOCH)
  if f[1] and f[1] ~= task.id and tonumber(f[2] or 0) > task.epoch then return f[1] end
  return nil
end

-- At the first stage of a forward or backward run: from now on this task is the one that changed the tenant last.
-- Who did before is kept, to be named again once this task has undone its own move and nothing else.
local function become_last_mover(task)
  local tenant = K.tenant(task.tenant)
  local previous = redis.call('HMGET', tenant, LAST_MOVER, LAST_MOVER_EPOCH)
  if previous[1] ~= task.id then
    if task.status == 'RUNNING' then
      redis.call('HSET', K.task(task.id), PREVIOUS_MOVER, previous[1] or '', PREVIOUS_MOVER_EPOCH, previous[2] or '0')
    else
      redis.call('HDEL', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
    end
  end
  if previous[1] ~= task.id or previous[2] ~= int(task.epoch) then
    redis.call('HSET', tenant, LAST_MOVER, task.id, LAST_MOVER_EPOCH, int(task.epoch))
  end
end

local function give_back_to_previous_mover(task)
  local previous = redis.call('HMGET', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
  redis.call('HDEL', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
  if not previous[1] then return end
  if previous[1] == '' then redis.call('HDEL', K.tenant(task.tenant), LAST_MOVER, LAST_MOVER_EPOCH)
  else redis.call('HSET', K.tenant(task.tenant), LAST_MOVER, previous[1], LAST_MOVER_EPOCH, previous[2]) end
end
