-- When a plan may start its moves: not before its time, and only so many a minute. Times of day are those that people are
-- shown (WALL); the rate goes by the ledger's clock. `paced` of a plan's record says that there is something to ask.
-- @include keys
-- @include clock
-- @include whole

-- What one second allows may come at once.
local BORNE_MS = 1000

-- A time that a person chose, as it was read, before 1970 too; nil when it is not there.
local function time_in(plan_id, text)
  if text and not WHOLE.is_whole((string.gsub(text, '^%-', ''))) then WHOLE.damaged(K.plan(plan_id)) end
  return tonumber(text or nil)
end

-- By the rate, as both were read: the time of the next move, with a fraction, and the ms between two.
local function rate_in(plan_id, rate, at)
  local is_time = not at or WHOLE.is_whole((string.gsub(at, '[.]%d+$', '')))
  if rate == '0' or not WHOLE.is_whole(rate) or not is_time then WHOLE.damaged(K.plan(plan_id)) end
  return tonumber(at or 0), 60000 / tonumber(rate)
end

-- The time (of WALL, in ms) from which the plan may start its next move; nil when that is now.
-- @rare
local function opens_at(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'notBefore', 'rate', 'rateAt')
  local at = time_in(plan_id, f[1]) or 0
  if f[2] then
    local next_at, interval = rate_in(plan_id, f[2], f[3])
    local free_at = next_at - math.max(BORNE_MS - interval, 0)
    if NOW < free_at then at = math.max(at, WALL + math.ceil(free_at - NOW)) end
  end
  return WALL < at and at or nil
end

-- Whether it could start no move before its not_after: it starts none any more, whoever asks (I15).
-- @rare
local function has_run_out(plan_id)
  local at = time_in(plan_id, redis.call('HGET', K.plan(plan_id), 'notAfter'))
  return at ~= nil and WALL >= at
end

-- A move starts: the next one has its time, and the plan has started in time. Its event tells this NOW (emit_admitted).
local function note_start(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'paced', 'rate', 'rateAt')
  if f[1] ~= '1' then return end
  redis.call('HDEL', K.plan(plan_id), 'notAfter')
  if not f[2] then return end
  local next_at, interval = rate_in(plan_id, f[2], f[3])
  local at = math.max(NOW, next_at) + interval
  redis.call('HSET', K.plan(plan_id), 'rateAt', string.format('%.3f', at))
end

-- When the plan is to be looked at without anybody's waking it: it opens then, or it is too late. What a hand has damaged
-- there stops no plan: the walk over all of them comes to it.
local function note_due(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'endedAt', 'notAfter')
  local at = not f[1] and (opens_at(plan_id) or time_in(plan_id, f[2])) or nil
  if at then redis.pcall('ZADD', K.due(), at, plan_id) else redis.pcall('ZREM', K.due(), plan_id) end
end
