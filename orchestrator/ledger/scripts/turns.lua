-- Hands out plans that may be able to move, whose turn has come, the one that waits longest first. Each is due again a
-- while later in case its coordinator dies with it; admit says whether it has still something to do, or takes it out.
-- KEYS  1 the namespace's root. Touches clock, settings (hashes), ready (zset)
-- ARGV  1 the most plans to hand out  2 ms after which they are due again
-- CODES TURNS, then the plan ids
-- EVENTS none
-- @include keys
-- @include clock

local limit, again_ms = ARGV[1], tonumber(ARGV[2])

local plan_ids = redis.call('ZRANGEBYSCORE', K.ready(), '-inf', NOW, 'LIMIT', 0, limit)
for _, plan_id in ipairs(plan_ids) do redis.call('ZADD', K.ready(), NOW + again_ms, plan_id) end
return {'TURNS', plan_ids}
