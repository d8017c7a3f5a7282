-- Finds which of many tenants a task holds or was going to move last; writes nothing.
-- KEYS  1 the namespace's root. Touches tenant:{tenant} (hash)
-- ARGV  tenant ids
-- CODES FOUND, then of each tenant that has one {its place in ARGV (from 0), holder, newest task}, '' for none
-- EVENTS none
-- @include keys

local found = {'FOUND'}
for i, tenant_id in ipairs(ARGV) do
  local f = redis.pcall('HMGET', K.tenant(tenant_id), 'holder', 'newest')
  if not f.err and (f[1] or f[2]) then found[#found + 1] = {i - 1, f[1] or '', f[2] or ''} end
end
return found
