-- A task's id, made and cut: plan id, dot, position from 0. The Python side is orchestrator/domain/task_id.py.

local function task_id_of(plan_id, position) return plan_id .. '.' .. string.format('%d', position) end
local function plan_of(task_id) return string.match(task_id, '^(.*)%.%d+$') end
local function position_of(task_id) return tonumber(string.match(task_id, '%.(%d+)$')) end
