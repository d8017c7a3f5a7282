-- Tasks that wait for a group stand in the lines of all of their groups at once, at the same place in each: rollbacks,
-- then by ticket, a point of priority being worth so many tickets. So a task of low priority is overtaken a bounded
-- number of times.
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

-- Into the line of this place too: it may have got its limit since the task began to wait, and others take it meanwhile.
local function join_group_line(task, place, ticket)
  local score = score_of(task, tonumber(ticket))
  if redis.call('ZADD', K.group_line(place.name), 'NX', score, task.id) == 0 then return end
  redis.call('ZADD', K.grouped(), 'NX', NOW, place.name)
end

-- Out of the lines of all groups.
local function leave_group_lines(task)
  if not task.group_for then return end
  for _, place in ipairs(places_of(task)) do
    redis.pcall('ZREM', K.group_line(place.name), task.id)
    if redis.call('EXISTS', K.group_line(place.name)) == 0 then redis.pcall('ZREM', K.grouped(), place.name) end
  end
  redis.call('HDEL', K.task(task.id), 'groupFor')
  task.group_for = nil
end

-- The next sweep looks at them: others may have left a free place to the task.
local function look_soon(task)
  for _, place in ipairs(places_of(task)) do redis.pcall('ZADD', K.grouped(), 'XX', NOW - SOON, place.name) end
end

-- Its wait goes on elsewhere.
local function step_out_of_groups(task)
  if not task.group_for then return end
  look_soon(task)
  leave_group_lines(task)
end
