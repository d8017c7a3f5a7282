-- Puts right what a hand, or a lost disk, has taken of the freezes: one that should be in force, or whose next window
-- nobody would notice, is looked at anew; one whose record is gone without having been lifted is set again as the log
-- tells it. A freeze is there to be relied on.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, freezes, freezes-now (hashes), seq, epoch (strings),
--       ended, ready, freeze-times, thawing, lined, frozen:{freeze} (zsets), active (set), feed, own-log (streams)
-- ARGV  1 id of the newest entry of own-log that the caller has read, '' for none  2... of each freeze that is set by
--       that and not over: its id, its record
-- CODES REBUILT, then a list of {freeze, what was repaired} | STALE (something was set or lifted meanwhile)
-- EVENTS none
-- @include keys
-- @include freeze
-- @include repairs
-- @include whole

WHOLE.ask_own_events()
local newest = redis.call('XREVRANGE', K.own_log(), '+', '-', 'COUNT', 1)[1]
if (newest and newest[1] or '') ~= ARGV[1] then return {'STALE'} end

local repairs = {}
local function again(id, what)
  look_at_record(id)
  repairs[#repairs + 1] = {id, what}
end

for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', K.freezes(), ARGV[i], ARGV[i + 1]) == 1 then again(ARGV[i], 'freeze without a record') end
end
local found = redis.call('HGETALL', K.freezes())
for i = 1, #found, 2 do
  local id = found[i]
  local is_sound, record = pcall(cjson.decode, found[i + 1])
  local known, holds, changes_at = pcall(window_now, is_sound and record)
  local is_now = redis.call('HEXISTS', K.freezes_now(), id) == 1
  local is_timed = redis.call('ZSCORE', K.freeze_times(), id)
  if not known then
    -- Nobody knows when it would begin.
    if not (is_now or is_timed) then again(id, 'damaged freeze that nobody looked at') end
  elseif holds and not is_now then again(id, 'freeze out of force')
  elseif (changes_at or holds == nil) and not is_timed then again(id, 'freeze without a time') end
end
if #repairs > 0 then note_repairs(#repairs) end
return {'REBUILT', repairs}
