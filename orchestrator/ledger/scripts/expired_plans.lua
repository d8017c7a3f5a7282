-- Names the plans that ended longest ago, by the ledger's clock.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ended (zset)
-- ARGV  1 how long ago they ended, in ms  2 the most plans to name  3 how many to pass by
-- CODES EXPIRED, then a list of {plan id, planSequenceId of its last event}
-- EVENTS none
-- @include keys
-- @include clock

local found = {}
for _, plan_id in ipairs(redis.call('ZRANGEBYSCORE', K.ended(), '-inf', NOW - tonumber(ARGV[1]), 'LIMIT', ARGV[3], ARGV[2])) do
  local number = redis.pcall('HGET', K.plan(plan_id), 'planSeq')
  -- Without a sound record there is nothing to archive or purge: it stands in nobody's way.
  if not number or number.err then redis.call('ZREM', K.ended(), plan_id)
  else found[#found + 1] = {plan_id, number} end
end
return {'EXPIRED', found}
