-- Finds tasks of a plan by where they stand, a bounded step at a time; writes nothing.
-- KEYS  1 the namespace's root. Touches task:{task} (hash)
-- ARGV  1 plan id  2 position of the first task to look at  3 the most tasks to look at
--       4 only tenants like this  5 only failures whose type is like this, in small letters: the parts between the
--       pattern's stars as a JSON list, '' for any
--       6 only tasks of the wave of this index, '' for any
--       7... what is wanted, each a status, or LINE: stands in its tenant's line, whatever its status
-- CODES FOUND, then of each wanted the positions as a list, in plan order; a task is in one of them, LINE before its status
-- EVENTS none
-- @include keys
-- @include task_id
-- @include pattern

local plan_id, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1

local tenants, causes, wave = read_pattern(ARGV[4]), read_pattern(ARGV[5]), ARGV[6]

-- The longer ones are read only where somebody asks for them.
local FIELDS = {'status', 'waitingSince'}
if tenants or causes or wave ~= '' then FIELDS = {'status', 'waitingSince', 'tenant', 'failure', 'wave'} end

local function is_asked_for(tenant, failure, its_wave)
  if wave ~= '' and its_wave ~= wave then return false end
  if tenants and not is_like(tenant or '', tenants) then return false end
  -- Matched, not decoded: a damaged failure must not hide all others.
  return not causes or is_like(((failure or ''):match('"type"%s*:%s*"([^"]*)"') or ''):lower(), causes)
end

local found, place_of = {'FOUND'}, {}
for i = 7, #ARGV do
  found[#found + 1] = {}
  place_of[ARGV[i]] = found[#found]
end

for position = first, last do
  -- What a hand has put there, and is no record, hides no other.
  local f = redis.pcall('HMGET', K.task(task_id_of(plan_id, position)), unpack(FIELDS))
  local place = (f[2] and place_of.LINE) or place_of[f[1] or '']
  if place and is_asked_for(f[3], f[4], f[5]) then place[#place + 1] = position end
end
return found
