-- Files ended plans by the time of their end: those of a release that did not do so itself.
-- KEYS  1 the namespace's root. Touches plan:{plan} (hash), ended (zset)
-- ARGV  plan ids
-- CODES NOTED, number of plans filed
-- EVENTS none
-- @include keys
-- @include transitions

local noted = 0
for _, plan_id in ipairs(ARGV) do
  -- A damaged record is doctor's to tell of, and stops no other.
  local f = redis.pcall('HMGET', K.plan(plan_id), 'status', 'endedAt')
  if not f.err and f[1] and PLAN_ENDED[f[1]] then noted = noted + redis.call('ZADD', K.ended(), 'NX', tonumber(f[2] or 0), plan_id) end
end
return {'NOTED', noted}
