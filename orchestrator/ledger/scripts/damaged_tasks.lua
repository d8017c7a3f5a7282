-- Finds tasks of a plan with whose record no script can work, a bounded step at a time; writes nothing.
-- KEYS  1 the namespace's root. Touches task:{task} (hash), config:{task} (string)
-- ARGV  1 plan id  2 position of the first task to look at  3 the most tasks to look at
-- CODES DAMAGED, then of each {position, tenant, what is wrong: gone, kind, missing, status, number, object, member
--       (of an object: its field and member, and '' for the value of one that is missing) or config, field or key, value}
-- EVENTS none
-- @include keys
-- @include transitions
-- @include task_id
-- @include forms

local plan_id, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1

-- What must be there stands first, then whole numbers, then what is a JSON object: all that a script reads as such (a
-- test holds them against the scripts).
local FIELDS = {'status', 'tenant',
  'epoch', 'stage', 'turn', 'legs', 'touched', 'rank', 'startedAt', 'endedAt', 'durationMillis', 'pausedMillis',
  'attempt', 'retries', 'waitingSince', 'dueAt', 'queuedAt', 'stageStartedAt', 'admittedAt', 'pausedAt', 'ranMillis',
  'beatAt', 'recoveries', 'republished', 'rollbacks', 'ticket', 'wave', 'looked', 'absentAt', 'moverEpochBefore',
  'overtaken', 'skipStage', 'soakFailed',
  'failure', 'lastOperation', 'pausedFor', 'cancelledFor', 'cursor', 'lastCursor', 'handedBack', 'snapshot'}
local NUMBERS_UPTO, LONGEST = 33, 60
local MOST_DIGITS = 15

local function read_object(text)
  local is_read, told = pcall(cjson.decode, string.sub(text, 1, 1) == '{' and text or '')
  return is_read and told or nil
end

local IS = {
  text = function(value) return type(value) == 'string' end,
  number = function(value) return type(value) == 'number' and value >= 0 and value < MOST and value % 1 == 0 end,
  flag = function(value) return type(value) == 'boolean' end,
  object = function(value) return type(value) == 'table' and #value == 0 end,
}

-- The first member that is not as the form says, and its value as JSON.
local function wrong_member(form, told)
  for member, kind, must in string.gmatch(form, '([%w.]+):(%a+)([!?]?)') do
    local value, head, rest = told[member], string.match(member, '^(%w+)%.(%w+)$')
    if head then value = type(told[head]) == 'table' and told[head][rest] or nil end
    if value == nil then
      if must == '!' then return member, '' end
    elseif not IS[kind](value) and not (value == cjson.null and must == '?') then
      return member, cjson.encode(value)
    end
  end
end

local function wrong_with(f)
  if f.err then return 'kind', '', '' end
  if not f[1] and not f[2] then return 'gone', '', '' end
  for i = 1, 2 do
    if not f[i] or f[i] == '' then return 'missing', FIELDS[i], '' end
  end
  if not TASK_KNOWN[f[1]] then return 'status', 'status', f[1] end
  for i = 3, #FIELDS do
    local value = f[i]
    if value and i <= NUMBERS_UPTO then
      if not string.find(value, '^%d+$') or #value > MOST_DIGITS then return 'number', FIELDS[i], value end
    elseif value and value ~= '' then
      local told = read_object(value)
      if not told then return 'object', FIELDS[i], value end
      local member, is_now = wrong_member(FORMS[FIELDS[i]], told)
      if member then return 'member', FIELDS[i] .. ' ' .. member, is_now end
    end
  end
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
  local f = redis.pcall('HMGET', K.task(task_id_of(plan_id, position)), unpack(FIELDS))
  local wrong, field, value = wrong_with(f)
  if not wrong then wrong, field, value = wrong_with_config(K.config(task_id_of(plan_id, position))) end
  if wrong then found[#found + 1] = {position, f[2] or '', wrong, field, string.sub(value, 1, LONGEST)} end
end
return found
