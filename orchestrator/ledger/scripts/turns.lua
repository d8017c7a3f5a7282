-- Hands out plans that may be able to move, whose turn has come, the one that waits longest first; of more than are asked
-- for, a plan's priority counts as time that it has waited. Each is due again a while later in case its coordinator dies
-- with it; admit says whether it has still something to do, or takes it out.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), ready, due (zsets)
-- ARGV  1 the most plans to hand out  2 ms after which they are due again
-- CODES TURNS, then the plan ids
-- EVENTS none
-- @include keys
-- @include clock

-- A point of priority goes before so much waiting: so nobody waits for ever behind others' priority.
local PRIORITY_WORTH_MS = 100
-- So many times those that are handed out are looked at.
local LOOKED_AT = 5

local limit, again_ms = tonumber(ARGV[1]), tonumber(ARGV[2])

-- Whose time has come: it opens, or it is too late for it.
for _, plan_id in ipairs(redis.call('ZRANGEBYSCORE', K.due(), '-inf', WALL, 'LIMIT', 0, limit)) do
  redis.call('ZREM', K.due(), plan_id)
  redis.call('ZADD', K.ready(), 'NX', NOW, plan_id)
end

local found = redis.call('ZRANGEBYSCORE', K.ready(), '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, LOOKED_AT * limit)
local plans = {}
for i = 1, #found, 2 do
  local plan = {id = found[i], at = tonumber(found[i + 1]), place = i}
  if #found > 2 * limit then
    local priority = redis.pcall('HGET', K.plan(plan.id), 'priority')
    plan.at = plan.at - (type(priority) == 'string' and tonumber(priority) or 0) * PRIORITY_WORTH_MS
  end
  plans[#plans + 1] = plan
end
table.sort(plans, function(a, b) return a.at < b.at or (a.at == b.at and a.place < b.place) end)
local plan_ids = {}
for i = 1, math.min(limit, #plans) do
  plan_ids[i] = plans[i].id
  redis.call('ZADD', K.ready(), NOW + again_ms, plan_ids[i])
end
return {'TURNS', plan_ids}
