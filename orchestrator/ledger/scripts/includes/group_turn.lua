-- Who has the next place of a group. The first in its line that could start is woken when a place comes free; who could
-- not, whatever the group does, stands back for its plan's queue, or waits elsewhere.
-- @include keys
-- @include task
-- @include wake_plan
-- @include could_start
-- @include frozen
-- @include group_line
-- @include sound

-- Who waits for several groups may be overtaken so often by tasks that need fewer; then its place is kept.
local MOST_OVERTAKEN = 20

local function full_beside(waiter, name)
  for _, place in ipairs(places_of(waiter)) do
    if place.name ~= name and wants(waiter, place) and free_places(place) <= 0 then return place end
  end
  return nil
end

-- Whether a waiter is to have the next place: it could start now, or its place is kept. Who is neither is passed by.
local function is_next(waiter, name, asking)
  if waits_frozen(waiter) then
    leave_queue(waiter)
    return false
  end
  local holder = redis.call('HGET', K.tenant(waiter.tenant), 'holder')
  if (holder and holder ~= waiter.id) or not could_start(waiter.id, waiter.rollback) then
    step_out_of_groups(waiter)
    -- A turn of its plan leads it to its tenant's line, or past a head that waits.
    if back_to_queue(waiter.id) then wake_plan(waiter.plan) end
    return false
  end
  local full = full_beside(waiter, name)
  if not full then return true end
  local f = redis.call('HMGET', K.task(waiter.id), 'ticket', 'overtaken')
  join_group_line(waiter, full, f[1])
  if tonumber(f[2] or 0) >= MOST_OVERTAKEN then
    waiter.keeps_place = true
    return true
  end
  if asking then asking.overtakes[#asking.overtakes + 1] = waiter.id end
  return false
end

-- At most so many waiters of a group, in order, that are to have the next places; before the task that asks, if one does.
-- Answers also whether the script may look no further: then there may be more.
-- @rare
local function next_in_group(name, most, asking)
  local found = {}
  local waiters = redis.call('ZRANGE', K.group_line(name), 0, looks_left, 'WITHSCORES')
  for i = 1, #waiters, 2 do
    local id, score = waiters[i], tonumber(waiters[i + 1])
    if #found >= most or (asking and (id == asking.id or score > asking.score)) then return found, false end
    if looks_left <= 0 then
      redis.call('ZADD', K.grouped(), 'XX', NOW - SOON, name)
      return found, true
    end
    looks_left = looks_left - 1
    local waiter = read_task(id)
    if not waiter then redis.call('ZREM', K.group_line(name), id)
    elseif sound(is_next, waiter, name, asking) then found[#found + 1] = waiter end
  end
  return found, false
end

-- @rare
local function wake_waiters(found)
  for _, waiter in ipairs(found) do
    if not waiter.keeps_place and sound(back_to_queue, waiter.id) then wake_plan(waiter.plan) end
  end
end

local function group_cap(name)
  local plan_id, group = string.match(name, '^(.+):(.+)$')
  if plan_id then return tonumber(redis.call('HGET', K.plan(plan_id), 'group:' .. group) or math.huge) end
  return tonumber(redis.call('HGET', K.settings(), 'GROUP:' .. name) or math.huge)
end

-- A place may be free.
-- @rare
local function wake_group(name)
  if redis.call('EXISTS', K.group_line(name)) == 0 then return end
  local free = free_places({name = name, cap = group_cap(name)})
  if free > 0 then wake_waiters((next_in_group(name, free))) end
end

-- The first place that the task lacks: none is free, or all that are free are to be others'.
-- @rare
local function place_lacking(task)
  local kept = redis.call('HGET', K.task(task.id), 'ticket')
  task.score = score_of(task, tonumber(kept or (redis.call('HGET', K.meta(), 'ticket') or 0) + 1))
  task.overtakes = {}
  for _, place in ipairs(places_of(task)) do
    if place.cap < math.huge and wants(task, place) then
      local free = free_places(place)
      if free <= 0 then return place end
      local before, not_looked_at = next_in_group(place.name, free, task)
      if #before >= free or not_looked_at then
        wake_waiters(before)
        return place
      end
    end
  end
  return nil
end
