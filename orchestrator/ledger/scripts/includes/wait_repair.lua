-- What the reconciler repairs of groups and freezes; each answers what was wrong, or nil.
-- @include keys
-- @include transitions
-- @include freeze
-- @include group_wait

-- Where a freeze that it waits for is gone without a trace, nobody would wake it.
local function repair_freeze(task)
  local id = task.frozen_by
  if not id or redis.call('HEXISTS', K.freezes(), id) == 1 or redis.call('ZSCORE', K.thawing(), id) then return nil end
  thaw(id)
  return 'lost freeze'
end

-- Whether a task that goes back was admitted as a move its plan's own limit cannot tell: that one it holds or not.
local function repair_groups(task)
  local what
  for _, place in ipairs(places_of(task)) do
    local holds = redis.call('SISMEMBER', K.group(place.name), task.id) == 1
    if holds and not TASK_ACTIVE[task.status] then
      redis.call('SREM', K.group(place.name), task.id)
      wake_group(place.name)
      what = 'leaked group'
    elseif not holds and TASK_ACTIVE[task.status] and not (place.own and task.status == TASK.ROLLING_BACK) then
      redis.call('SADD', K.group(place.name), task.id)
      what = 'lost group'
    end
  end
  return what
end
