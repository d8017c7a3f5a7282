-- Opens the draft of a plan, or says how far an earlier submit of the same content came (I11).
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, spec:{plan}, plan-seq:{plan}, config:{task} (strings), plans, drafts, ended, purges,
--       ready, freeze-times, thawing, lined (zsets), active (set), feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 digest  3 name  4 max_concurrency  5 number of tasks  6 spec as JSON  7 rollback order
--       8 new incarnation, used by the first plan of a namespace  9 task timeout in ms, or 0
--       10 further fields of the record as JSON (see orchestrator/fleet/rules.py)  11 what PlanCreated tells of them, as JSON
--       12... of each stage: name, timeout in ms or 0, 1 if irreversible
-- CODES OPENED | DRAFT, chunks written | EXISTS, status | CONFLICT | PURGING, REMAINS (what is left of an
--       older one goes first; of the second the record was lost)
-- EVENTS PlanCreated
-- @include keys
-- @include event
-- @include plan_gone
-- @include epoch
-- @include fleet_format
-- @include whole
-- @include unpacked

local plan_id, digest, name, max, total, spec, order = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local plan = K.plan(plan_id)

local known = redis.pcall('HMGET', plan, 'digest', 'status', 'chunks')
if not known.err and known[1] and known[2] then
  if known[1] ~= digest then return {'CONFLICT'} end
  if known[2] == PLAN.CREATED then
    redis.call('ZADD', K.drafts(), NOW, plan_id)
    return {'DRAFT', tonumber(known[3])}
  end
  return {'EXISTS', known[2]}
end

-- Its tasks would be met again, with what they had done.
if has_remains(plan_id) then return {'REMAINS'} end
if redis.call('ZSCORE', K.purges(), plan_id) then return {'PURGING'} end

WHOLE.ask_events(plan_id)
WHOLE.ask_index()
if WHOLE.is_other(redis.pcall('GET', K.plan_seq(plan_id))) then WHOLE.damaged(K.plan_seq(plan_id)) end
-- The server of the first plan is the one that epochs are drawn on: another may lack the very first of them.
if redis.call('HSETNX', K.meta(), 'incarnation', ARGV[8]) == 1 then note_server() end
redis.call('HSET', plan, 'digest', digest, 'status', PLAN.CREATED, 'name', name, 'max', max, 'total', total,
  'chunks', 0, 'written', 0, 'stages', (#ARGV - 11) / 3, 'rollbackOrder', order, 'format', 1, 'createdAt', int(WALL))
if ARGV[9] ~= '0' then redis.call('HSET', plan, 'timed', 1, 'taskTimeout', ARGV[9]) end
if ARGV[10] ~= '{}' then need_fleet_format() end
for field, value in pairs(cjson.decode(ARGV[10])) do redis.call('HSET', plan, field, value) end
unpack_hash(plan)
for i = 12, #ARGV, 3 do
  local index = (i - 12) / 3
  redis.call('HSET', plan, 'stage:' .. index, ARGV[i])
  if ARGV[i + 1] ~= '0' then redis.call('HSET', plan, 'timed', 1, 'stageTimeout:' .. index, ARGV[i + 1]) end
  if ARGV[i + 2] == '1' then redis.call('HSET', plan, 'irreversible:' .. index, 1) end
end
redis.call('SET', K.spec(plan_id), spec)
redis.call('ZADD', K.plans(), WALL, plan_id)
redis.call('ZADD', K.drafts(), NOW, plan_id)
take_plan_number(plan_id)
emit_plan('PlanCreated', plan_id, '{"name":' .. cjson.encode(name) .. ',"totalTasks":' .. total
  .. ',"maxConcurrency":' .. max .. (ARGV[11] == '{}' and '}' or ',' .. string.sub(ARGV[11], 2)))
unpack_hash(K.counters())
return {'OPENED'}
