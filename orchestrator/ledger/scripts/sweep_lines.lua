-- Wakes the lines of free tenants: makes up for a waiter that stood back for one which then could not start.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan}, task:{task}, tenant:{tenant} (hashes), ready,
--       lined, queue:{plan}, line:{tenant} (zsets), slots:{plan} (set), inbox (stream)
-- ARGV  1 the most tenants to look at; those not looked at for the longest come first  2 the most waiters
-- CODES SWEPT, number of tenants woken
-- EVENTS none
-- @include keys
-- @include clock
-- @include wake

local woken, waiters_left = 0, tonumber(ARGV[2])
for _, tenant_id in ipairs(redis.call('ZRANGE', K.lined(), 0, tonumber(ARGV[1]) - 1)) do
  redis.call('ZADD', K.lined(), NOW, tenant_id)
  if redis.call('HEXISTS', K.tenant(tenant_id), 'holder') == 0 then
    waiters_left = waiters_left - wake_tenant(tenant_id)
    woken = woken + 1
    if waiters_left <= 0 then break end
  end
end
return {'SWEPT', woken}
