-- Wakes the lines of free tenants: makes up for a waiter that stood back for one which then could not start.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch (strings), ended, ready, leases-queued, leases-running,
--       deadlines, freeze-times, thawing, grouped, lined, group-line:{group}, frozen:{freeze}, queue:{plan},
--       line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 the most tenants to look at; those with a wake under way come first, then those not looked at for the longest
--       2 the most waiters
-- CODES SWEPT, number of tenants woken, 1 when there were more waiters than that and it is of use to look at them at once
-- EVENTS TaskWaiting
-- @include keys
-- @include clock
-- @include wake
-- @include whole

local function look_at(tenant_id)
  -- A hand has taken its line away.
  if redis.call('EXISTS', K.line(tenant_id)) == 0 then
    redis.call('ZREM', K.lined(), tenant_id)
    return false
  end
  if redis.call('HEXISTS', K.tenant(tenant_id), 'holder') == 1 then return false end
  wake_tenant(tenant_id)
  return true
end

local woken = 0
LOOKS.left = tonumber(ARGV[2])
local tenant_ids = redis.call('ZRANGE', K.lined(), 0, tonumber(ARGV[1]) - 1)
if #tenant_ids > 0 then WHOLE.ask_shared() end
for _, tenant_id in ipairs(tenant_ids) do
  redis.call('ZADD', K.lined(), NOW, tenant_id)
  if sound(look_at, tenant_id) then woken = woken + 1 end
  if LOOKS.left <= 0 then break end
end
return {'SWEPT', woken, LOOKS.left <= 0 and LOOKS.out > 0 and 1 or 0}
