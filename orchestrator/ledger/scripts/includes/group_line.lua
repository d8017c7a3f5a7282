-- A task that waits for a group stands in the line of the one that it lacks, and in no other of its groups: who lacks
-- another one is looked at there, and keeps nobody here. In all of them it has the same place: rollbacks, then by ticket, a
-- point of priority being worth so many tickets. So a task of low priority is overtaken a bounded number of times.
-- @include keys
-- @include task
-- @include could_start
-- @include wake_plan
-- @include group_places

local PRIORITY_WORTH = 10000
-- Room for the highest priority: no move stands among the rollbacks.
local FIRST_MOVE = TICKET_MOVE + 1e7

local function score_of(task, ticket)
  if task.rollback then return ticket end
  return FIRST_MOVE + ticket - task.priority * PRIORITY_WORTH
end

local function join_group_line(task, place, ticket)
  local score = score_of(task, tonumber(ticket))
  if redis.call('ZADD', K.group_line(place.name), 'NX', score, task.id) == 0 then return end
  redis.call('ZADD', K.grouped(), 'NX', NOW, place.name)
end

-- Into the lines of all groups whose number is limited: it is to start, so nobody behind it is to take a place of theirs.
-- @rare
local function join_group_lines(task)
  for _, place in ipairs(places_of(task)) do
    if place.cap < math.huge and wants(task, place) then join_group_line(task, place, task.record.ticket) end
  end
end

-- Whether it stood there.
local function leave_group_line(task_id, name)
  local stood = redis.pcall('ZREM', K.group_line(name), task_id) == 1
  if stood and redis.call('EXISTS', K.group_line(name)) == 0 then redis.pcall('ZREM', K.grouped(), name) end
  return stood
end

-- Out of the lines of all groups.
local function leave_group_lines(task)
  if not task.group_for then return end
  for _, place in ipairs(places_of(task)) do leave_group_line(task.id, place.name) end
  redis.call('HDEL', K.task(task.id), 'groupFor')
  task.group_for = nil
end

-- The next sweep looks at it.
-- @rare
local function look_soon_at(name) redis.pcall('ZADD', K.grouped(), 'XX', NOW - SOON, name) end

-- Others may have left a free place to the task.
local function look_soon(task)
  for _, place in ipairs(places_of(task)) do look_soon_at(place.name) end
end

-- From now on it waits in the line of this place alone. Answers the names of the groups whose lines it has left: others may
-- have left a place to it there.
-- @rare
local function wait_in_line_of(task, place, ticket)
  local left = {}
  join_group_line(task, place, ticket)
  redis.call('HSET', K.task(task.id), 'groupFor', place.name)
  for _, one in ipairs(task.group_for and places_of(task) or {}) do
    if one.name ~= place.name and leave_group_line(task.id, one.name) then left[#left + 1] = one.name end
  end
  task.group_for = place.name
  -- Its turn had come there.
  if #left > 0 then redis.call('HINCRBY', K.task(task.id), 'overtaken', 1) end
  return left
end

-- Its wait goes on elsewhere.
-- @rare
local function step_out_of_groups(task)
  if not task.group_for then return end
  look_soon(task)
  leave_group_lines(task)
end
