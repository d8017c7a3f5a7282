-- What follows a round of a soak, and a tenant that is gone.
-- @include keys
-- @include soak
-- @include waves
-- @include plan_end
-- @include trip
-- @include task_end
-- @include snapshot
-- @include skipped

-- Asks the table for what follows, should the soak be over with this round.
local function ask_end_of_round(plan_id, wave, soak)
  ask_there(plan_id, part_of(wave) .. 'interval')
  if soak_is_over(soak) then foresee_waves(plan_id, {takes = after_soak(plan_id, wave)}) end
end

-- All of the round have been answered. Whether the soak is over with it.
local function end_round(plan_id, wave)
  local soak = soak_numbers(plan_id)
  if not soak_is_over(soak) then
    due_round(plan_id, wave, soak)
    return false
  end
  await_nothing(plan_id)
  take_wave_on(plan_id, wave, after_soak(plan_id, wave))
  return true
end

-- Asks the table.
local function ask_soak_failure(task)
  task.goes_back_by_policy = goes_back_by_policy(task)
  ask_settled(task, 'soak_fail', {rollbackRequested = task.goes_back_by_policy and 1 or 0})
end

-- It is tried again from its first stage, and with all of them: the last one has not held.
local function fail_soaked(task, failure)
  local key = K.task(task.id)
  move_task(task)
  redis.call('HSET', key, 'failure', failure, 'endedAt', int(WALL), 'stage', 0, 'soakFailed', 1)
  redis.call('HDEL', key, 'healthy', 'looked', 'absentAt', 'absentSince')
  forget_skipped(task)
  emit_task('TaskSoakFailed', task, '{"failureInfo":' .. failure .. '}')
  emit_plan_progress(task.plan)
  trip_breaker(task)
  if task.goes_back_by_policy then ask_way_back(task) end
end
