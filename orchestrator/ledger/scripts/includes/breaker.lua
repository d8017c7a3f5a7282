-- What one more failure sets off: asked before the write that records it.
-- @include keys
-- @include places
-- @include wave_record
-- @include whole

local function breaker(task, part)
  local found = read_part(task.plan, part)
  -- Crossed by this failure, not before it.
  if found.limit ~= found.failed then return nil end
  return {part = part, failed = found.failed + 1, tolerance = found.limit}
end

-- What may follow, by which trip.lua goes.
local ON_BREACH = {pause = true, cancel = true, rollback_wave = true, rollback_plan = true}

-- The breakers of its wave and of its plan that the task's failure trips, and what follows; nil for none. In a plan that
-- is given up or goes back there is nothing left to stop. A rollback that fails only pauses: a policy about moves must
-- not take a whole fleet back because one tenant could not be.
-- @rare
local function foresee_trip(task)
  -- Its failure was counted before it was taken back.
  if task.by_policy then return nil end
  local f = redis.call('HMGET', K.plan(task.plan), 'onBreach', 'status', 'cancelRequested', 'passed')
  if not f[1] or f[3] == '1' or (f[2] ~= PLAN.RUNNING and f[2] ~= PLAN.PAUSED) then return nil end
  local tripped = {}
  tripped[1] = task.wave and breaker(task, part_of(task.wave)) or nil
  tripped[#tripped + 1] = breaker(task, '')
  if #tripped == 0 then return nil end
  local action = task.to == TASK.ROLLBACK_FAILED and 'pause' or f[1]
  if not ON_BREACH[action] then WHOLE.damaged(K.plan(task.plan)) end
  ask_stop(task.plan, tonumber(f[4] or nil))
  return {breakers = tripped, action = action}
end
