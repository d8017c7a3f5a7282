-- Takes back a draft that nobody has written to for an hour, in bounded steps, then says so in the feed.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq, spec:{plan}, plan-seq:{plan}, config:{task} (strings), plans, drafts, queue:{plan} (zsets), feed, audit,
--       log:{plan} (streams)
-- ARGV  1 age in ms from which a draft is abandoned  2 the most tasks to delete in this call
-- CODES NONE | MORE | ABANDONED, plan id
-- EVENTS PlanValidationFailed
-- @include keys
-- @include task
-- @include numbers
-- @include plan_gone
-- @include whole

local age_ms, limit = tonumber(ARGV[1]), tonumber(ARGV[2])

WHOLE.ask_of_type('ZCARD', {K.drafts(), K.plans()})
local plan_id = redis.call('ZRANGEBYSCORE', K.drafts(), '-inf', NOW - age_ms, 'LIMIT', 0, 1)[1]
if not plan_id then return {'NONE'} end
local plan = K.plan(plan_id)
-- How many it has taken of each wave.
local taken = {}

-- It leaves the plan's queue and counts with its record: between two calls the draft is as whole as it was.
local function take(task_id)
  local wave = place_of(redis.pcall('HGET', K.task(task_id), 'wave'))
  forget_task(task_id)
  redis.pcall('ZREM', K.queue(plan_id), task_id)
  redis.call('DEL', K.task(task_id), K.config(task_id))
  if wave then taken[wave] = (taken[wave] or 0) + 1 end
end

-- Whatever else is damaged of the draft, it goes.
WHOLE.can_tell(plan_id)
if not pcall(WHOLE.ask_number, plan_id) then mend_plan_number(plan_id) end
-- From here on a submit of the same id starts over: the digest no longer matches, and is refused until the draft is gone.
local written = sound(function()
  redis.call('HSET', plan, 'digest', '')
  return place_of(redis.call('HGET', plan, 'written') or 0)
end)
-- Of a draft whose record a hand has damaged nobody knows how far it came: some tasks may stay.
local first = math.max((written or 0) - limit, 0)
for position = (written or 0) - 1, first, -1 do
  take(task_id_of(plan_id, position))
end
if first > 0 then
  for wave, number in pairs(taken) do redis.pcall('HINCRBY', plan, part_of(wave) .. COUNT.PENDING, -number) end
  redis.call('HSET', plan, 'written', first, COUNT.PENDING, first)
  return {'MORE'}
end
emit_plan('PlanValidationFailed', plan_id, '{"reason":"the submit was cut off and not repeated within the hour"}')
keep_plan_number(plan_id)
redis.call('DEL', plan, K.spec(plan_id), K.queue(plan_id), K.log(plan_id))
redis.call('ZREM', K.drafts(), plan_id)
redis.call('ZREM', K.plans(), plan_id)
return {'ABANDONED', plan_id}
