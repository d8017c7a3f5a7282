-- Finds tasks of a plan with whose record no script can work, a bounded step at a time; writes nothing.
-- KEYS  1 the namespace's root. Touches task:{task} (hash), config:{task} (string)
-- ARGV  1 plan id  2 position of the first task to look at  3 the most tasks to look at
-- CODES DAMAGED, then of each {position, tenant, what is wrong: gone, kind, missing, status, number, object, member
--       (of an object: its field and member, and '' for the value of one that is missing), inside (an object that cannot
--       be worked with) or config, field or key, value}
-- EVENTS none
-- @include keys
-- @include transitions
-- @include task_id
-- @include members

local plan_id, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1

-- What must be there stands first, then whole numbers, then what is a JSON object: all that a script reads as such (a
-- test holds them against the scripts).
local FIELDS = {'status', 'tenant',
  'epoch', 'stage', 'turn', 'legs', 'touched', 'rank', 'startedAt', 'endedAt', 'durationMillis', 'pausedMillis',
  'attempt', 'retries', 'waitingSince', 'dueAt', 'queuedAt', 'stageStartedAt', 'admittedAt', 'pausedAt', 'ranMillis',
  'beatAt', 'recoveries', 'republished', 'rollbacks', 'ticket', 'wave', 'looked', 'absentAt', 'absentSince',
  'moverEpochBefore', 'overtaken', 'skipStage', 'soakFailed',
  'failure', 'wentBackFor', 'lastOperation', 'pausedFor', 'cancelledFor', 'cursor', 'lastCursor', 'handedBack', 'snapshot'}
local NUMBERS_UPTO, LONGEST = 34, 60
local MOST_DIGITS = 15

local PLACE_OF = {}
for place, name in ipairs(FIELDS) do PLACE_OF[name] = place end

local function is_whole(name, value)
  if #value > MOST_DIGITS or not string.find(value, '^%d+$') then return false end
  return not string.find(name, 'At$') or tonumber(value) < MOST
end

-- What is wrong, the field, and the value; nothing when it is as it should be.
local function wrong_with_field(place, value)
  local name = FIELDS[place]
  if place == 1 then
    if value ~= '' and not TASK_KNOWN[value] then return 'status', name, value end
  elseif place > NUMBERS_UPTO then
    if value == '' then return nil end
    local told = read_object(value)
    if not told then return 'object', name, value end
    -- What a newer release wrote: whoever is too old for it says so.
    if IS.number(told.format) and told.format > NEWEST then return nil end
    local member, is_now = wrong_member(FORMS[name], told)
    if member then return 'member', name .. ' ' .. member, is_now end
    if not can_be_written(told) or is_deep(value, told) then return 'inside', name, value end
  elseif place > 2 and not is_whole(name, value) then
    return 'number', name, value
  end
end

-- The record is read whole: it is a short list in Redis, which is walked anew for each field that is asked for by name.
-- Of several that are wrong, the one that stands first in FIELDS is told. Last comes the tenant.
local function wrong_with(f)
  if f.err then return 'kind', '', '', '' end
  local status, tenant, at, wrong, field, is_now = nil, nil, #FIELDS + 1, nil, nil, nil
  local goes_back, has_touched = false, false
  for i = 1, #f, 2 do
    local place, value = PLACE_OF[f[i]], f[i + 1]
    if place == 1 then status = value elseif place == 2 then tenant = value end
    if f[i] == 'rollbackRequested' then goes_back = value == '1' end
    if f[i] == 'touched' then has_touched = value ~= '0' end
    if place and place < at then
      local what, where, text = wrong_with_field(place, value)
      if what then at, wrong, field, is_now = place, what, where, text end
    end
  end
  if not status and not tenant then return 'gone', '', '', '' end
  if not status or status == '' then return 'missing', 'status', '', tenant or '' end
  if not tenant or tenant == '' then return 'missing', 'tenant', '', '' end
  -- Nobody can go back that has begun nothing.
  if not wrong and goes_back and not has_touched then return 'missing', 'touched', '', tenant end
  return wrong, field, is_now, tenant
end

-- That of many is looked at from outside: it is a JSON object of any length.
local function is_config(text)
  if string.sub(text, 1, 1) ~= '{' or string.sub(text, -1) ~= '}' then return false end
  return first ~= last or read_object(text) ~= nil
end

local function wrong_with_config(key)
  local found = redis.pcall('GET', key)
  local text = type(found) == 'string' and found or ''
  if not is_config(text) then return 'config', key, text end
end

local found = {'DAMAGED'}
for position = first, last do
  local task_id = task_id_of(plan_id, position)
  local wrong, field, value, tenant = wrong_with(redis.pcall('HGETALL', K.task(task_id)))
  if not wrong then wrong, field, value = wrong_with_config(K.config(task_id)) end
  if wrong then found[#found + 1] = {position, tenant, wrong, field, string.sub(value, 1, LONGEST)} end
end
return found
