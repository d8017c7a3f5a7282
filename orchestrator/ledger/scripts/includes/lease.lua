-- Leases of both kinds: queued (a message should be under way) and running (a turn is believed alive).
-- @include keys
-- @include settings
-- @include event

local function lease_queued(task, due_ms)
  redis.call('ZREM', K.leases_running(), task.id)
  redis.call('ZADD', K.leases_queued(), due_ms + SETTINGS.LEASE_MS, task.id)
  redis.call('HSET', K.task(task.id), 'lease', 'queued', 'queuedAt', int(NOW))
  if task.republished then redis.call('HDEL', K.task(task.id), 'republished') end
  task.lease = 'queued'
end

-- Further fields of the record may be given: one write for all.
local function lease_running(task, worker, ...)
  if task.lease ~= 'running' then redis.call('ZREM', K.leases_queued(), task.id) end
  redis.call('ZADD', K.leases_running(), NOW + SETTINGS.LEASE_MS, task.id)
  redis.call('HSET', K.task(task.id), 'lease', 'running', 'worker', worker, ...)
  task.lease = 'running'
end

-- Whether the task still holds its tenant: not so when a hand has deleted the tenant's record (I1, I8).
local function holds_tenant(task)
  local f = redis.pcall('HMGET', K.tenant(task.tenant), 'holder', 'epoch')
  return not f.err and f[1] == task.id and tonumber(f[2]) == task.epoch
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
