-- The one place that says what time it is, in ms.
-- NOW is the ledger's clock: what is due, overdue, or took how long. It never goes back, and it goes on only while
-- somebody is there: when Redis' clock steps back it goes on from where it was; time in which no process spoke to the
-- ledger (Redis was away, its clock stepped forward) is taken out, and leases get their grace. TRUE_NOW is behind NOW
-- only while NOW stands still after a smaller step that a coordinator took out (see tick).
-- WALL is what people are shown: Redis' own time, but never before a time that it has already said; unless that lies so
-- far ahead that it was a wrong clock which has been put right: then it is right again at once.
-- @include keys
-- @include settings

-- Every live process says something at least every two seconds.
local LONGEST_SILENCE_MS = 5000

-- A step back that is larger corrects a clock that was wrong.
local LARGEST_STEP_BACK_MS = 86400000

local function set_grace(from_ms)
  redis.call('HSET', K.clock(), 'sweepNotBefore', string.format('%.0f', from_ms + SETTINGS.LEASE_MS))
end

local RAW, NOW, TRUE_NOW, WALL
do
  local time = redis.call('TIME')
  RAW = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local f = redis.call('HMGET', K.clock(), 'at', 'offset', 'floor', 'wall')
  local at = tonumber(f[1] or RAW)
  TRUE_NOW, WALL = RAW + tonumber(f[2] or 0), math.max(RAW, tonumber(f[4] or 0))
  if WALL - RAW > LARGEST_STEP_BACK_MS then WALL = RAW end
  if TRUE_NOW < at or TRUE_NOW > at + LONGEST_SILENCE_MS then
    if TRUE_NOW > at then set_grace(at) end
    TRUE_NOW = at
    redis.call('HSET', K.clock(), 'offset', string.format('%.0f', at - RAW))
  end
  NOW = math.max(TRUE_NOW, tonumber(f[3] or 0))
  -- Also while NOW stands still over a step forward: what is told in this write has been said.
  if TRUE_NOW ~= at or WALL ~= tonumber(f[4]) then redis.call('HSET', K.clock(), 'at', TRUE_NOW, 'wall', WALL) end
end

-- How long ago that was which people were told of.
local function passed(since_ms) return math.max(WALL - since_ms, 0) end
