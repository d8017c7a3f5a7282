-- Who has the next place of a group. The first in its line that could start is woken when a place comes free; who could
-- not, whatever the group does, stands back for its plan's queue, or waits elsewhere.
-- @include keys
-- @include task
-- @include wake_plan
-- @include could_start
-- @include frozen
-- @include group_line
-- @include sound

-- Whose turn has come so often while another of its groups was full has its place kept: of several such, the first in the
-- line, so that the others keep nobody behind them.
local MOST_OVERTAKEN = 20

local function full_beside(waiter, name)
  for _, place in ipairs(places_of(waiter)) do
    if place.name ~= name and wants(waiter, place) and free_places(place) <= 0 then return place end
  end
  return nil
end

-- Whether a waiter is to have the next place: it could start now, or its place is kept. Who is neither waits elsewhere from
-- now on, so that nobody is looked at twice in vain. is_kept: whether one before it has its place kept.
local function is_next(waiter, name, is_kept)
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
  if full and (is_kept or tonumber(waiter.record.overtaken or 0) < MOST_OVERTAKEN) then
    for _, left in ipairs(wait_in_line_of(waiter, full, waiter.record.ticket)) do
      if left ~= name then look_soon_at(left) end
    end
    return false
  end
  waiter.keeps_place = full ~= nil
  join_group_lines(waiter)
  return true
end

-- At most so many waiters of a group, in order, that are to have the next places; before the task that asks, if one does.
-- Answers also whether the script may look no further: then there may be more.
-- @rare
local function next_in_group(name, most, asking)
  local found, is_kept = {}, false
  local waiters = redis.call('ZRANGE', K.group_line(name), 0, LOOKS.left, 'WITHSCORES')
  for i = 1, #waiters, 2 do
    local id, score = waiters[i], tonumber(waiters[i + 1])
    if #found >= most or (asking and (id == asking.id or score > asking.score)) then return found, false end
    if LOOKS.left <= 0 then
      look_soon_at(name)
      return found, true
    end
    LOOKS.left = LOOKS.left - 1
    local waiter = read_task(id)
    if waiter and sound(is_next, waiter, name, is_kept) then
      found[#found + 1] = waiter
      is_kept = is_kept or waiter.keeps_place
    else
      -- A damaged one too: it keeps nobody behind it.
      leave_group_line(id, name)
      LOOKS.out = LOOKS.out + 1
    end
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
