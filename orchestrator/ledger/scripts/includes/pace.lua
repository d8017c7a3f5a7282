-- When a plan may start its moves: not before its time, and only so many a minute. Times of day are those that people are
-- shown (WALL); the rate goes by the ledger's clock. `paced` of a plan's record says that there is something to ask.
-- @include keys
-- @include clock

-- What one second allows may come at once.
local BORNE_MS = 1000

-- The time (of WALL, in ms) from which the plan may start its next move; nil when that is now.
-- @rare
local function opens_at(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'notBefore', 'rate', 'rateAt')
  local at = tonumber(f[1] or 0)
  if f[2] then
    local free_at = tonumber(f[3] or 0) - math.max(BORNE_MS - 60000 / tonumber(f[2]), 0)
    if NOW < free_at then at = math.max(at, WALL + math.ceil(free_at - NOW)) end
  end
  return WALL < at and at or nil
end

-- Whether it could start no move before its not_after: it starts none any more, whoever asks (I15).
-- @rare
local function has_run_out(plan_id)
  local at = tonumber(redis.call('HGET', K.plan(plan_id), 'notAfter') or nil)
  return at ~= nil and WALL >= at
end

-- A move starts: the next one has its time, and the plan has started in time.
local function note_start(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'paced', 'rate', 'rateAt')
  if f[1] ~= '1' then return end
  redis.call('HDEL', K.plan(plan_id), 'notAfter')
  if not f[2] then return end
  local at = math.max(NOW, tonumber(f[3] or 0)) + 60000 / tonumber(f[2])
  redis.call('HSET', K.plan(plan_id), 'rateAt', string.format('%.3f', at))
end

-- When the plan is to be looked at without anybody's waking it: it opens then, or it is too late.
local function note_due(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'endedAt', 'notAfter')
  local at = not f[1] and (opens_at(plan_id) or tonumber(f[2] or nil)) or nil
  if at then redis.call('ZADD', K.due(), at, plan_id) else redis.call('ZREM', K.due(), plan_id) end
end
