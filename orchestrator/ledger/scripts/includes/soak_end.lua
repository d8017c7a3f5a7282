-- What follows a round of a soak, and a tenant that is gone.
-- @include keys
-- @include soak
-- @include waves
-- @include plan_end
-- @include trip
-- @include task_end

-- All of the round have been answered. Whether the soak is over with it.
local function end_round(plan_id, wave)
  local soak = soak_numbers(plan_id)
  if not soak_is_over(soak) then
    due_round(plan_id, wave, soak)
    return false
  end
  await_nothing(plan_id)
  leave_soak(plan_id, wave)
  return true
end

-- The table has been asked. It is tried again from its first stage: the last one has not held.
local function fail_soaked(task, failure)
  local key = K.task(task.id)
  move_task(task)
  redis.call('HSET', key, 'failure', failure, 'endedAt', int(WALL), 'stage', 0)
  redis.call('HDEL', key, 'healthy', 'looked', 'absentAt')
  emit_task('TaskSoakFailed', task, '{"failureInfo":' .. failure .. '}')
  emit_plan_progress(task.plan)
  trip_breaker(task)
end
