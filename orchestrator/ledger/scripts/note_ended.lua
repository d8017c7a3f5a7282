-- Files ended plans by the time of their end: those of a release that did not do so itself.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ended (zset)
-- ARGV  plan ids
-- CODES NOTED, number of plans filed
-- EVENTS none
-- @include keys
-- @include transitions
-- @include clock
-- @include whole

local noted = 0
for _, plan_id in ipairs(ARGV) do
  -- A damaged record is doctor's to tell of, and stops no other.
  local f = redis.pcall('HMGET', K.plan(plan_id), 'status', 'endedAt')
  local ended_at = not f.err and PLAN_ENDED[f[1] or ''] and WHOLE.number(f[2] or '0')
  -- People are told Redis' own time; what is due goes by the ledger's.
  if ended_at then noted = noted + redis.call('ZADD', K.ended(), 'NX', NOW - (WALL - ended_at), plan_id) end
end
return {'NOTED', noted}
