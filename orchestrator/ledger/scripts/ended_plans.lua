-- Names ended plans that ended before a moment of Redis' own time, which is what people are told; some places of the list
-- a call.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ended (zset)
-- ARGV  1 the moment in ms  2 the first place to look at  3 the most to look at
-- CODES ENDED, number of plans looked at, then the plan ids
-- EVENTS none
-- @include keys
-- @include clock
-- @include whole

local moment, first, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local found = {}
local rows = redis.call('ZRANGE', K.ended(), first, first + limit - 1, 'WITHSCORES')
for i = 1, #rows, 2 do
  local told = WHOLE.number(redis.pcall('HGET', K.plan(rows[i]), 'endedAt'))
  -- A damaged record does not say; the list does, by the ledger's clock.
  -- Nor does one of the time of a clock that was ahead.
  if told and told > WALL then told = nil end
  if (told or WALL - (NOW - tonumber(rows[i + 1]))) < moment then found[#found + 1] = rows[i] end
end
return {'ENDED', #rows / 2, found}
