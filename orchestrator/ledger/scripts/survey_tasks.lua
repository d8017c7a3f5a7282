-- Groups tasks of a plan by why they failed, ended, or wait, a bounded step at a time; writes nothing.
-- KEYS  1 the namespace's root. Touches clock, plan:{plan}, task:{task}, tenant:{tenant} (hashes), plan-paused:{plan}
--       (set)
-- ARGV  1 plan id  2 position of the first task to look at  3 the most tasks to look at  4 samples of a group
-- CODES SURVEYED, then of each group {kind, what tells it from others of its kind, two more of that, count, positions}:
--       stayed (beside another kind): why its plan's rollback left it: moved, nowhere, damaged, withdrawn; the plan that moved the tenant, or who withdrew it; why | failed, accepted, back (of what it had failed): status, type, stage | line: 1 of a rollback, holder's plan, holder's status | queue: 1 of a rollback |
--       frozen: the freeze, 1 of a rollback | group: its name, 1 of a rollback | paused: 1 if by the plan | moves: status, running, polls, waits or handed, why it was handed
--       back, or the worker (host:pid) | cancelled: by whom, why |
--       odd (no script can work with the record, or with its tenant's; told alone or beside another kind): position of the first task looked at, tenant if it is its key
-- EVENTS none
-- @include keys
-- @include task_id
-- @include transitions

local plan_id, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1
local samples = tonumber(ARGV[4])

local found, group_of, group = {'SURVEYED'}, {}, {}
local function add(position, kind, a, b, c)
  a, b, c = a or '', b or '', c or ''
  -- That of the task before, mostly.
  if kind ~= group[1] or a ~= group[2] or b ~= group[3] or c ~= group[4] then
    local name = kind .. '\0' .. a .. '\0' .. b .. '\0' .. c
    group = group_of[name] or {kind, a, b, c, 0, {}}
    if group[5] == 0 then found[#found + 1] = group end
    group_of[name] = group
  end
  group[5] = group[5] + 1
  if #group[6] < samples then table.insert(group[6], position) end
end

-- nil also where a hand has put another kind of value; then whether it has.
local function read(key, field)
  local value = redis.pcall('HGET', key, field)
  return type(value) == 'string' and value or nil, type(value) == 'table'
end

local function why_failed(text)
  local ok, failure = pcall(cjson.decode, text or '')
  if not ok or type(failure) ~= 'table' then return '', '' end
  local stage = failure.stageName
  return tostring(failure.type or ''), type(stage) == 'string' and stage or ''
end

-- Why workers gave the turn back, and what they lack; nil when none did, or one has been able to since.
local function why_handed_back(lease, text)
  local ok, told = pcall(cjson.decode, lease == 'queued' and text or '')
  return ok and type(told) == 'table' and tostring(told.why) .. ' ' .. tostring(told.what) or nil
end

-- Of who gave it up, if it was given up alone.
local function reason_of(text, by)
  local ok, told = pcall(cjson.decode, text or '')
  return ok and type(told) == 'table' and told.actor == by and tostring(told.reason) or nil
end

-- What a plan's rollback left as it was: kept as a withdrawal by `system`, as its reason (see queue_head.lua, passed_by.lua),
-- or by a person, after which a cancel keeps no reason of its own.
local function add_stayed(position, key, status)
  local ok, told = pcall(cjson.decode, read(key, 'lastOperation') or '')
  if not ok or type(told) ~= 'table' or told.operation ~= 'cancel' then return end
  local why = tostring(told.reason)
  if told.actor ~= 'system' then
    if status == TASK.CANCELLED and read(key, 'cancelledFor') then return end
    return add(position, 'stayed', 'withdrawn', tostring(told.actor), why)
  end
  local other = string.match(why, '^the tenant has been moved since by (.*)$')
  if other then add(position, 'stayed', 'moved', plan_of(other) or other)
  elseif why == 'there is no config to go back to' then add(position, 'stayed', 'nowhere')
  elseif string.find(why, 'damaged', 1, true) then add(position, 'stayed', 'damaged') end
end
local leaves_some = read(K.plan(plan_id), 'rollbackGivenUp') == '1'

-- A lease's due time is looked at only to tell a poll that is not due from a message that waits.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(redis.call('HGET', K.clock(), 'offset') or 0)

for position = first, last do
  local task_id = task_id_of(plan_id, position)
  local key = K.task(task_id)
  -- A record is walked anew for each field: the others are asked for where they matter.
  local f = redis.pcall('HMGET', key, 'status', 'tenant', 'rollbackRequested', 'waitingSince', 'frozenBy', 'groupFor')
  local status, goes_back = f[1], f[3] == '1' and '1' or ''
  if leaves_some and status and status ~= TASK.ROLLED_BACK then add_stayed(position, key, status) end
  if not TASK_KNOWN[status or ''] or (f[2] or '') == '' then add(position, 'odd', ARGV[2]) end
  if not status then
    -- There is nothing to tell it by.
  elseif f[5] then
    add(position, 'frozen', f[5], goes_back)
  elseif f[6] then
    add(position, 'group', f[6], goes_back)
  elseif f[4] then
    local holder, is_other = read(K.tenant(f[2] or ''), 'holder')
    if is_other then add(position, 'odd', ARGV[2], 'tenant') end
    local plan = holder and plan_of(holder) or ''
    add(position, 'line', goes_back, plan, holder and read(K.task(holder), 'status') or '')
  elseif status == TASK.PENDING or (goes_back == '1' and status ~= TASK.RUNNING) then
    add(position, 'queue', goes_back)
  elseif status == TASK.FAILED or status == TASK.ROLLBACK_FAILED then
    local told = redis.call('HMGET', key, 'accepted', 'failure')
    add(position, told[1] == '1' and 'accepted' or 'failed', status, why_failed(told[2]))
  elseif status == TASK.PAUSED then
    add(position, 'paused', redis.call('SISMEMBER', K.plan_paused(plan_id), task_id) == 1 and '1' or '')
  elseif status == TASK.RUNNING or status == TASK.ROLLING_BACK then
    local lease = redis.call('HMGET', key, 'lease', 'dueAt', 'handedBack', 'worker')
    local polls, why = (tonumber(lease[2] or 0) or 0) > now, why_handed_back(lease[1], lease[3])
    if why then add(position, 'moves', status, 'handed', why)
    elseif lease[1] == 'running' then add(position, 'moves', status, 'running', string.match(lease[4] or '', '^[^/]*'))
    else add(position, 'moves', status, polls and 'polls' or 'waits') end
  elseif status == TASK.CANCELLED then
    local told = redis.call('HMGET', key, 'cancelledBy', 'cancelledFor')
    local by = told[1] or ''
    -- Each of these names another task.
    add(position, 'cancelled', string.match(by, '^(system: the tenant has been moved since)') or by, reason_of(told[2], by))
  elseif status == TASK.ROLLED_BACK then
    local why = redis.call('HGET', key, 'wentBackFor')
    if why then add(position, 'back', status, why_failed(why)) end
  end
end
return found
