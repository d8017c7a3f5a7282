-- Wakes the lines of groups that have free places: makes up for a waiter that stood back for one which then could not
-- start, for a limit that was raised, and for a holder whose record is gone.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch (strings), ended, ready, leases-queued, leases-running,
--       deadlines, freeze-times, thawing, grouped, lined, group-line:{group}, frozen:{freeze}, queue:{plan},
--       line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 the most groups to look at; those that are to be looked at soon come first, then those not looked at for the
--       longest  2 the most waiters
-- CODES SWEPT, number of groups looked at, 1 when there were more waiters than that and it is of use to look at them at once
-- EVENTS TaskWaiting
-- @include keys
-- @include transitions
-- @include group_wait
-- @include whole

-- Holders that one look at a group asks after.
local SAMPLED = 3

-- One that does not run holds nothing: a hand has taken its record, or it would have been taken out with its slot.
local function drop_lost_holders(name)
  for _, task_id in ipairs(redis.call('SRANDMEMBER', K.group(name), SAMPLED)) do
    local status = redis.call('HGET', K.task(task_id), 'status')
    if not (status and TASK_ACTIVE[status]) then redis.call('SREM', K.group(name), task_id) end
  end
end

local function look_at(name)
  drop_lost_holders(name)
  wake_group(name)
end

local names = redis.call('ZRANGE', K.grouped(), 0, tonumber(ARGV[1]) - 1)
LOOKS.left = tonumber(ARGV[2])
if #names > 0 then WHOLE.ask_shared() end
for _, name in ipairs(names) do
  redis.call('ZADD', K.grouped(), NOW, name)
  local out = LOOKS.out
  sound(look_at, name)
  -- Whoever was looked at is to start: other groups come first now.
  if LOOKS.out == out then redis.call('ZADD', K.grouped(), 'XX', NOW, name) end
  if redis.call('EXISTS', K.group_line(name)) == 0 then redis.call('ZREM', K.grouped(), name) end
  if LOOKS.left <= 0 then break end
end
return {'SWEPT', #names, LOOKS.left <= 0 and LOOKS.out > 0 and 1 or 0}
