-- Writes the next tasks of a draft; idempotent by the chunk's index.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq, config:{task} (strings), drafts, queue:{plan} (zsets), slots:{plan}, plan-paused:{plan} (sets), feed,
--       audit, log:{plan} (streams)
-- ARGV  1 plan id  2 digest  3 index of the chunk  4... of each tenant: id, config as JSON, labels, groups and wave as JSON ({} for
--       none); before the last, of a plan submitted as previewed, what was seen of the tenant (tenant_mark)
-- CODES WRITTEN | ALREADY | CLOSED (no such draft, or another content) |
--       MOVED (tenants are not as they were seen: the commit names them)
-- EVENTS TaskCreated
-- @include keys
-- @include task
-- @include numbers
-- @include places
-- @include tenant_history
-- @include whole
-- @include whole_plan

-- As texts that scripts search: a label a line, the groups parted by spaces.
local function write_traits(task_id, traits)
  local labels = {}
  for key, value in pairs(traits.labels or {}) do labels[#labels + 1] = key .. '=' .. value end
  if #labels > 0 then redis.call('HSET', K.task(task_id), 'labels', table.concat(labels, '\n')) end
  if traits.groups then redis.call('HSET', K.task(task_id), 'groups', table.concat(traits.groups, ' ')) end
  if traits.wave then redis.call('HSET', K.task(task_id), 'wave', traits.wave) end
  return traits.wave
end

-- Where its first and its last task stand: what is done for a wave looks no further.
local function join_wave(plan, wave, position)
  redis.call('HINCRBY', plan, part_of(wave) .. COUNT.PENDING, 1)
  redis.call('HSET', plan, part_of(wave) .. 'last', position)
  redis.call('HSETNX', plan, part_of(wave) .. 'first', position)
end

-- The tenant tells the draft from now on when it is moved; drafts that are none any more it need not tell.
local function bind(tenant, task_id, plan_id, seen)
  local drafts = {plan_id}
  for other in string.gmatch(redis.call('HGET', tenant, 'drafts') or '', '%S+') do
    local is_draft = other ~= plan_id and redis.call('HGET', K.plan(other), 'status') == PLAN.CREATED
    if is_draft then drafts[#drafts + 1] = other end
  end
  redis.call('HSET', tenant, 'drafts', table.concat(drafts, ' '))
  redis.call('HSET', K.task(task_id), 'seen', seen)
end

local plan_id, digest, index = ARGV[1], ARGV[2], tonumber(ARGV[3])
local plan = K.plan(plan_id)

local known = redis.call('HMGET', plan, 'status', 'digest', 'chunks', 'written')
if known[2] ~= digest then return {'CLOSED'} end
if known[1] ~= PLAN.CREATED or index < tonumber(known[3]) then return {'ALREADY'} end
if index > tonumber(known[3]) then return {'CLOSED'} end

WHOLE.ask_events(plan_id)
WHOLE.ask_plan_places(plan_id)
WHOLE.ask_of_type('ZCARD', {K.drafts()})
for i = 4, #ARGV, 3 do
  if WHOLE.is_other(redis.pcall('HEXISTS', K.tenant(ARGV[i]), '')) then WHOLE.damaged(K.tenant(ARGV[i])) end
end
local counts = {COUNT.PENDING, 'written', 'planSeq'}
for wave = 0, waves_in(redis.call('HGET', plan, 'waves')) - 1 do counts[#counts + 1] = part_of(wave) .. COUNT.PENDING end
numbers_of(plan_id, unpack(counts))
local seen, moved = {}, false
for i = 4, #ARGV, 3 do
  seen[i], ARGV[i + 2] = string.match(ARGV[i + 2], '^(%x*)(.*)$')
  if seen[i] ~= '' and seen[i] ~= tenant_mark(ARGV[i]) then
    tell_draft(plan_id, ARGV[i])
    moved = true
  end
end
if moved then return {'MOVED'} end
local position = tonumber(known[4])
local entries = {}
for i = 4, #ARGV, 3 do
  local tenant_id, task_id = ARGV[i], task_id_of(plan_id, position)
  local tenant = K.tenant(tenant_id)
  -- 'newest' answers for `--tenant`; 'prev' gives it back if the draft is abandoned.
  local prev = redis.call('HGET', tenant, 'newest') or ''
  redis.call('HSET', tenant, 'newest', task_id)
  redis.call('HSET', K.task(task_id), 'status', TASK.PENDING, 'tenant', tenant_id, 'prev', prev)
  local wave
  if ARGV[i + 2] ~= '{}' then wave = write_traits(task_id, cjson.decode(ARGV[i + 2])) end
  if seen[i] ~= '' then bind(tenant, task_id, plan_id, seen[i]) end
  redis.call('SET', K.config(task_id), ARGV[i + 1])
  redis.call('ZADD', K.queue(plan_id), RANK_MOVE + position + (wave or 0) * WAVE_BLOCK, task_id)
  if wave then join_wave(plan, wave, position) end
  entries[#entries + 1] = {task_id, tenant_id, '', ARGV[i + 2]}
  position = position + 1
end
redis.call('HINCRBY', plan, COUNT.PENDING, #entries)
redis.call('HSET', plan, 'chunks', index + 1, 'written', position)
redis.call('ZADD', K.drafts(), NOW, plan_id)
emit_all('TaskCreated', plan_id, entries)
return {'WRITTEN'}
