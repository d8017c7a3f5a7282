-- Leases of both kinds: queued (a message should be under way) and running (a turn is believed alive).
-- @include keys
-- @include settings
-- @include event

-- What the sweep can do nothing with is looked at again after this long. The half tells it from a sign of life: those are
-- in whole milliseconds.
local AGAIN_MS = 60000.5
-- @rare
local function look_again(leases, task_id) redis.call('ZADD', leases, NOW + AGAIN_MS, task_id) end

-- Whether somebody has given a sign of life for its turn, and the time of that is not over.
-- @rare
local function gives_signs(task_id)
  local at = tonumber(redis.call('ZSCORE', K.leases_running(), task_id) or 0)
  return at >= NOW and at % 1 == 0
end

local function lease_queued(task, due_ms)
  redis.call('ZREM', K.leases_running(), task.id)
  redis.call('ZADD', K.leases_queued(), due_ms + SETTINGS.LEASE_MS, task.id)
  redis.call('HSET', K.task(task.id), 'lease', 'queued', 'queuedAt', int(NOW))
  if task.republished then redis.call('HDEL', K.task(task.id), 'republished') end
  task.lease = 'queued'
end

-- Further fields of the record may be given: one write for all, and none of what it says already.
local function lease_running(task, worker, ...)
  redis.call('ZADD', K.leases_running(), NOW + SETTINGS.LEASE_MS, task.id)
  if task.lease ~= 'running' then
    redis.call('ZREM', K.leases_queued(), task.id)
    redis.call('HSET', K.task(task.id), 'lease', 'running', 'worker', worker, ...)
  elseif task.record.worker ~= worker then
    redis.call('HSET', K.task(task.id), 'worker', worker, ...)
  elseif ... then
    redis.call('HSET', K.task(task.id), ...)
  end
  task.lease = 'running'
end

-- Whether the task still holds its tenant: not so when a hand has deleted the tenant's record (I1, I8). The rest of what
-- is read of it is for `become_last_mover`.
local function holds_tenant(task)
  local f = redis.pcall('HMGET', K.tenant(task.tenant), 'holder', 'epoch', 'mover', 'moverEpoch', 'drafts')
  if f.err or f[1] ~= task.id or tonumber(f[2]) ~= task.epoch then return false end
  task.last_mover = {f[3], f[4], f[5]}
  return true
end

-- The tenant is the task's, under its present epoch.
local function hold_tenant(task)
  redis.call('HSET', K.tenant(task.tenant), 'holder', task.id, 'epoch', int(task.epoch))
  redis.call('HSETNX', K.tenant(task.tenant), 'since', int(WALL))
end

-- The task that a tenant was given to while this one had it, too: a hand had deleted the tenant's record. Nil when the
-- tenant is still this one's, or nobody's.
local function other_holder(task)
  local holder = redis.call('HGET', K.tenant(task.tenant), 'holder')
  return holder and holder ~= task.id and holder or nil
end

-- Whether this is the turn under way: current epoch, stage and turn, begun and not ended, of whoever holds the tenant.
local function is_under_way(task, epoch, stage, turn)
  return task.epoch == epoch and task.stage == stage and task.turn == turn and task.lease == 'running' and holds_tenant(task)
end
