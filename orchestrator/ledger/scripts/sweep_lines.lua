-- Wakes the lines of free tenants: makes up for a waiter that stood back for one which then could not start.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan}, task:{task}, tenant:{tenant} (hashes), ready,
--       lined, queue:{plan}, line:{tenant} (zsets), inbox (stream)
-- ARGV  1 the most tenants to look at; those not looked at for the longest come first
-- CODES SWEPT, number of tenants woken
-- EVENTS none
-- @include keys
-- @include clock
-- @include wake

local woken = 0
for _, tenant_id in ipairs(redis.call('ZRANGE', K.lined(), 0, tonumber(ARGV[1]) - 1)) do
  redis.call('ZADD', K.lined(), NOW, tenant_id)
  if redis.call('HEXISTS', K.tenant(tenant_id), 'holder') == 0 then
    wake_tenant(tenant_id)
    woken = woken + 1
  end
end
return {'SWEPT', woken}
