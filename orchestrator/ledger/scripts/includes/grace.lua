-- Whether leases must be left alone. Asked again in each sweep: Redis may have been away between the tick and it.
-- @include keys
-- @include settings
-- @include clock

local function in_grace()
  local f = redis.call('HMGET', K.meta(), 'sweepNotBefore', 'tickAt')
  return NOW < tonumber(f[1] or 0) or (f[2] and NOW - tonumber(f[2]) > LEASE_MS)
end
