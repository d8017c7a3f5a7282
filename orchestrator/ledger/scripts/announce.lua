-- A coordinator's settings, which all scripts go by from now on.
-- KEYS  1 the namespace's root. Touches clock, settings, counters (hashes), seq (string), feed, own-log, audit
--       (streams)
-- ARGV  name, value of each, in turn
-- CODES ANNOUNCED
-- EVENTS GroupLimitsSet
-- @include keys
-- @include clock
-- @include event
-- @include fleet_format

local GROUP = '^GROUP:(.+)$'

local before, now, limits = {}, {}, {}
local known = redis.call('HGETALL', K.settings())
for i = 1, #known, 2 do before[known[i]] = known[i + 1] end
for i = 1, #ARGV, 2 do
  now[ARGV[i]] = ARGV[i + 1]
  redis.call('HSET', K.settings(), ARGV[i], ARGV[i + 1])
  local group = string.match(ARGV[i], GROUP)
  if group then
    limits[group] = tonumber(ARGV[i + 1])
    need_fleet_format()
  end
end

-- A group that is named no more may be held by any number.
local changed = false
for name in pairs(before) do
  if string.match(name, GROUP) and not now[name] then
    redis.call('HDEL', K.settings(), name)
    changed = true
  end
end
for group in pairs(limits) do
  local name = 'GROUP:' .. group
  if before[name] ~= now[name] then changed = true end
end
if changed then emit_own('GroupLimitsSet', '{"limits":' .. cjson.encode(limits) .. '}') end
return {'ANNOUNCED'}
