-- Makes a whole draft ready and wakes a coordinator.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan} (hashes), seq, epoch
--       (strings), drafts, ended, ready, lost, freeze-times, thawing, lined (zsets), active (set), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 plan id  2 digest
-- CODES READY | EXISTS, status (an earlier commit came through) | INCOMPLETE, tasks written | MISSING |
--       MOVED, how many tenants have moved since they were previewed, the first of them as a list of JSON | BAD_MOVE
-- EVENTS PlanReady
-- @include keys
-- @include wake
-- @include plan_end
-- @include sound
-- @include whole

local plan_id, digest = ARGV[1], ARGV[2]

local known = redis.call('HMGET', K.plan(plan_id), 'digest', 'status', 'written', 'total', 'movedCount', 'moved')
if known[1] ~= digest then return {'MISSING'} end
if known[2] ~= PLAN.CREATED then return {'EXISTS', known[2]} end
if known[5] then return {'MOVED', tonumber(known[5]), known[6]} end
if known[3] ~= known[4] then return {'INCOMPLETE', tonumber(known[3])} end

WHOLE.ask_events(plan_id)
WHOLE.ask_of_type('ZCARD', {K.drafts()})
local move = ask_plan({id = plan_id, status = known[2], written = known[3], total = known[4]}, 'commit')
-- First, since a damaged record may refuse it.
emit_plan('PlanReady', plan_id, '{"totalTasks":' .. known[4] .. '}')
move_plan(move)
redis.call('ZREM', K.drafts(), plan_id)
-- Of one whose record was gone: it is here again.
sound(redis.call, 'ZREM', K.lost(), plan_id)
redis.call('SADD', K.active(), plan_id)
wake_plan(plan_id)
return {PLAN.READY}
