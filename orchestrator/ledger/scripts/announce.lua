-- A coordinator's settings, which all scripts go by from now on.
-- KEYS  1 the namespace's root. Touches clock, settings, counters (hashes), seq (string), feed, own-log, audit
--       (streams)
-- ARGV  name, value of each, in turn
-- CODES ANNOUNCED, 0 if limits of groups stay as they were since the stream that tells of it is damaged, else 1
-- EVENTS GroupLimitsSet
-- @include keys
-- @include clock
-- @include event
-- @include fleet_format
-- @include whole

local GROUP = '^GROUP:(.+)$'

local before, now, limits, has_limits = {}, {}, {}, false
local known = redis.call('HGETALL', K.settings())
for i = 1, #known, 2 do before[known[i]] = known[i + 1] end
for i = 1, #ARGV, 2 do
  now[ARGV[i]] = ARGV[i + 1]
  local group = string.match(ARGV[i], GROUP)
  if group then limits[group], has_limits = tonumber(ARGV[i + 1]), true end
end

local function is_group(name) return string.match(name, GROUP) end

local changed = false
for _, names in ipairs({before, now}) do
  for name in pairs(names) do
    if is_group(name) and before[name] ~= now[name] then changed = true end
  end
end
-- Asked before the first write: no state changes whose event cannot be written, and plans go on without that one.
local can_tell = true
if changed then
  local last = WHOLE.last_event()
  -- Another type, or an entry beyond the last event.
  if redis.pcall('XREAD', 'COUNT', 1, 'STREAMS', K.feed(), last) then WHOLE.damaged_for_all(K.feed()) end
  can_tell = not redis.pcall('XREAD', 'COUNT', 1, 'STREAMS', K.own_log(), last)
end

for name, value in pairs(now) do
  if can_tell or not is_group(name) then redis.call('HSET', K.settings(), name, value) end
end
if can_tell and has_limits then need_fleet_format() end
if not (changed and can_tell) then return {'ANNOUNCED', can_tell and 1 or 0} end
-- A group that is named no more may be held by any number.
for name in pairs(before) do
  if is_group(name) and not now[name] then redis.call('HDEL', K.settings(), name) end
end
ASKED.own_events = can_tell
emit_own('GroupLimitsSet', '{"limits":' .. cjson.encode(limits) .. '}')
return {'ANNOUNCED', 1}
