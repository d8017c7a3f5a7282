-- Trips the breakers that a failure was foreseen to trip, in its write: no move is admitted after it.
-- @include keys
-- @include breaker
-- @include operation
-- @include plan_rollback
-- @include wave_back
-- @include waves

local POLICY = 'policy'

-- @rare
local function ask_by_policy(operation, plan_id, reason, options, task)
  -- Whoever's call this is in has asked for something else.
  local request = REQUEST
  REQUEST = ''
  emit_operation(operation, plan_id, task, POLICY, reason, options)
  REQUEST = request
end

local TRIPPED = {}

function TRIPPED.pause(task, reason)
  if redis.call('HGET', K.plan(task.plan), 'pauseRequested') == '1' then return end
  ask_by_policy('pause', task.plan, reason)
  redis.call('HSET', K.plan(task.plan), 'pauseRequested', 1)
end

function TRIPPED.cancel(task, reason)
  ask_by_policy('cancel', task.plan, reason)
  redis.call('HSET', K.plan(task.plan), 'cancelRequested', 1, 'cancelledBy', POLICY, 'cancelCursor', 0)
  redis.call('HDEL', K.plan(task.plan), 'retryCursor')
  wake_plan(task.plan)
end

-- Coordinators ask for each way back, the newest first; the plan waits for a person meanwhile.
function TRIPPED.rollback_wave(task, reason)
  TRIPPED.pause(task, reason)
  redis.call('HSET', K.plan(task.plan), 'waveRollbackReason', reason)
  line_up_wave_back(task.plan, task.wave)
  wake_plan(task.plan)
end

function TRIPPED.rollback_plan(task, reason)
  ask_by_policy('rollback', task.plan, reason, '{"force":false,"waitsForAnswer":true}')
  begin_plan_rollback(task.plan_move, POLICY, reason, false)
  task.plan_move = nil
end

-- @rare
local function trip_all(task, trip)
  -- What has followed stands, though a way back that fails trips it once more.
  redis.call(trip.action == 'pause' and 'HSETNX' or 'HSET', K.plan(task.plan), 'tripped', trip.action)
  local passed = redis.call('HGET', K.plan(task.plan), 'passed')
  if passed then stop_waiting_of_wave(task.plan, tonumber(passed)) end
  for _, one in ipairs(trip.breakers) do
    local data = '"failed":' .. one.failed .. ',"tolerance":' .. one.tolerance .. ',"action":"' .. trip.action .. '"'
    if one.part == '' then emit_plan('PlanBreakerTripped', task.plan, '{' .. data .. '}')
    else emit_wave('PlanBreakerTripped', task.plan, task.wave, ',' .. data) end
  end
  -- With this failure the plan is over: there is nothing left to stop.
  local ends = task.plan_move and PLAN_ENDED[task.plan_move.to]
  if ends then return end
  local one = trip.breakers[1]
  TRIPPED[trip.action](task, 'the breaker tripped: ' .. one.failed .. ' failed, tolerance ' .. one.tolerance)
end

local function trip_breaker(task)
  if task.trip then trip_all(task, task.trip) end
end
