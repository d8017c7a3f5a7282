-- Writes the next tasks of a draft; idempotent by the chunk's index.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq, config:{task} (strings), drafts, queue:{plan} (zsets), feed, log:{plan} (streams)
-- ARGV  1 plan id  2 digest  3 index of the chunk  4... tenant id and config as JSON, in turn
-- CODES WRITTEN | ALREADY | CLOSED (no such draft, or another content)
-- EVENTS TaskCreated
-- @include keys
-- @include task

local plan_id, digest, index = ARGV[1], ARGV[2], tonumber(ARGV[3])
local plan = K.plan(plan_id)

local known = redis.call('HMGET', plan, 'status', 'digest', 'chunks', 'written')
if known[2] ~= digest then return {'CLOSED'} end
if known[1] ~= 'CREATED' or index < tonumber(known[3]) then return {'ALREADY'} end
if index > tonumber(known[3]) then return {'CLOSED'} end

local position = tonumber(known[4])
local entries = {}
for i = 4, #ARGV, 2 do
  local tenant_id, task_id = ARGV[i], task_id_of(plan_id, position)
  local tenant = K.tenant(tenant_id)
  -- 'newest' answers for `--tenant`; 'prev' gives it back if the draft is abandoned.
  local prev = redis.call('HGET', tenant, 'newest') or ''
  redis.call('HSET', tenant, 'newest', task_id)
  redis.call('HSET', K.task(task_id), 'status', 'PENDING', 'tenant', tenant_id, 'prev', prev)
  redis.call('SET', K.config(task_id), ARGV[i + 1])
  redis.call('ZADD', K.queue(plan_id), RANK_MOVE + position, task_id)
  entries[#entries + 1] = {task_id, tenant_id, '', '{}'}
  position = position + 1
end
redis.call('HINCRBY', plan, 'n:PENDING', #entries)
redis.call('HSET', plan, 'chunks', index + 1, 'written', position)
redis.call('ZADD', K.drafts(), NOW, plan_id)
emit_all('TaskCreated', plan_id, entries)
return {'WRITTEN'}
