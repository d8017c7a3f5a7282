-- A task's id, made and cut: plan id, dot, position from 0. The Python side is orchestrator/domain/task_id.py.

local function task_id_of(plan_id, position) return plan_id .. '.' .. string.format('%d', position) end
-- Of more digits no plan has tasks, and such a number would be rounded.
local PLACED = '^(.+)%.[1-9]%d?%d?%d?%d?%d?%d?$'
local function plan_of(task_id) return string.match(task_id, PLACED) or string.match(task_id, '^(.+)%.0$') end
local function position_of(task_id) return plan_of(task_id) and tonumber(string.match(task_id, '%d+$')) end

-- A position in a plan's list of tasks, or a number of them, as it was written down; nil when a hand has made another
-- number of it. Of a number that is too large for one more to change it (1e300, inf) a loop would have no end, and Redis
-- would hang in it.
local MOST_TASKS = 1e7
local function place_of(text)
  local is_digits = type(text) == 'string' and (text == '0' or string.find(text, '^[1-9]%d*$'))
  local place = (is_digits or type(text) == 'number') and tonumber(text)
  return place and place % 1 == 0 and place >= 0 and place <= MOST_TASKS and place or nil
end
