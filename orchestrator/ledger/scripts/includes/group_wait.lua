-- Waiting for a group, holding one, and giving it up: what admission and release do about groups.
-- @include keys
-- @include frozen
-- @include group_turn
-- @include whole_plan

-- Whether a group has no place for the task: then it waits in that one's line. Said once a wait.
local function waits_for_group(task)
  if task.groups == '' then return false end
  WHOLE.ask_groups(task)
  local place = place_lacking(task)
  if not place then return false end
  if not task.group_for then step_out_of_line(task) end
  local key = K.task(task.id)
  local ticket = redis.call('HGET', key, 'ticket') or redis.call('HINCRBY', K.meta(), 'ticket', 1)
  redis.call('HSET', key, 'ticket', ticket)
  for _, name in ipairs(wait_in_line_of(task, place, ticket)) do sound(wake_group, name) end
  if redis.call('HSETNX', key, 'groupTold', 1) == 0 then return true end
  local holder = redis.call('SRANDMEMBER', K.group(place.name)) or ''
  emit_task('TaskWaiting', task, '{"reason":' .. cjson.encode('group ' .. place.name .. ' is full') .. ',"holder":'
    .. cjson.encode(holder) .. '}')
  return true
end

local function hold_groups(task)
  if task.groups == '' then return end
  leave_group_lines(task)
  take_groups(task)
  redis.call('HDEL', K.task(task.id), 'overtaken', 'groupTold')
end

local function free_groups(task)
  if task.groups == '' then return end
  for _, name in ipairs(give_up_groups(task)) do sound(wake_group, name) end
end
