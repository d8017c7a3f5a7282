-- Names the plans that ended longest ago, by the ledger's clock.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ended (zset)
-- ARGV  1 how long ago they ended, in ms  2 the most plans to name
-- CODES EXPIRED, then a list of {plan id, planSequenceId of its last event}
-- EVENTS none
-- @include keys
-- @include clock

local found = {}
for _, plan_id in ipairs(redis.call('ZRANGEBYSCORE', K.ended(), '-inf', NOW - tonumber(ARGV[1]), 'LIMIT', 0, ARGV[2])) do
  found[#found + 1] = {plan_id, redis.call('HGET', K.plan(plan_id), 'planSeq') or ''}
end
return {'EXPIRED', found}
