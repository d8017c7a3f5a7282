-- Names the plans that ended longest ago, by the ledger's clock.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ended (zset)
-- ARGV  1 how long ago they ended, in ms  2 the most plans to name  3 how many to pass by
-- CODES EXPIRED, then a list of {plan id, planSequenceId of its last event}, then those
--       whose record is gone
-- EVENTS none
-- @include keys
-- @include clock

local found, lost = {}, {}
for _, plan_id in ipairs(redis.call('ZRANGEBYSCORE', K.ended(), '-inf', NOW - tonumber(ARGV[1]), 'LIMIT', ARGV[3], ARGV[2])) do
  local f = redis.pcall('HMGET', K.plan(plan_id), 'status', 'planSeq')
  -- Without a sound record there is nothing to archive: what is left of it is taken out.
  if f.err or not f[1] then lost[#lost + 1] = plan_id
  else found[#found + 1] = {plan_id, f[2] or ''} end
end
return {'EXPIRED', found, lost}
