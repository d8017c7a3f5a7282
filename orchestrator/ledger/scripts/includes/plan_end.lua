-- Ends a plan in the write that closes its last open task; completes a pause when the last running stage has ended.
-- @include keys
-- @include transitions
-- @include event

local PLAN_END_EVENTS = {
  complete = 'PlanCompleted', fail = 'PlanFailed', cancel = 'PlanCancelled',
  rollback_done = 'PlanRolledBack', rollback_fail = 'PlanRollbackFailed',
}

-- False, with nothing written, when the table has no row for this state and trigger.
local function move_plan(plan_id, trigger)
  local plan = K.plan(plan_id)
  local to = PLAN_MOVES[redis.call('HGET', plan, 'status') .. ' ' .. trigger]
  if not to then return false end
  redis.call('HSET', plan, 'status', to)
  return true
end

local function end_trigger(status, cancelled, completed, failed, rollback_failed, given_up, total)
  if status == 'ROLLING_BACK' then
    if rollback_failed > 0 or given_up then return 'rollback_fail' end
    return 'rollback_done'
  end
  if cancelled then return 'cancel' end
  if completed == total then return 'complete' end
  if failed + rollback_failed > 0 then return 'fail' end
  return 'cancel'
end

local function settle_plan(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'status', 'pauseRequested', 'cancelRequested', 'total', 'startedAt',
    'n:PENDING', 'n:RUNNING', 'n:PAUSED', 'n:ROLLING_BACK', 'n:rollbackRequested', 'n:COMPLETED', 'n:FAILED',
    'n:ROLLBACK_FAILED', 'rollbackCursor', 'rollbackGivenUp')
  local function count(i) return tonumber(f[i] or 0) end
  if not f[14] and count(6) + count(7) + count(8) + count(9) + count(10) == 0 then
    local trigger = end_trigger(f[1], f[3] == '1', count(11), count(12), count(13), f[15] == '1', count(4))
    if move_plan(plan_id, trigger) then
      redis.call('HSET', K.plan(plan_id), 'endedAt', int(WALL), 'durationMillis', int(WALL - tonumber(f[5] or WALL)))
      redis.call('HDEL', K.plan(plan_id), 'pauseRequested')
      redis.call('SREM', K.active(), plan_id)
      redis.call('ZADD', K.ended(), NOW, plan_id)
      emit_plan(PLAN_END_EVENTS[trigger], plan_id)
    end
  elseif f[2] == '1' and count(7) == 0 and move_plan(plan_id, 'pause') then
    emit_plan('PlanPaused', plan_id)
  end
end
