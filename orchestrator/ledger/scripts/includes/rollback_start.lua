-- Turns a task that holds its tenant and a slot around: its touched stages are re-done with the old config.
-- The table has been asked for 'roll_back'. Whoever calls gives it the tenant under its new epoch.
-- @include keys
-- @include checkpoint
-- @include task
-- @include move
-- @include epoch
-- @include retry_end
-- @include beats

local function stages_to_roll_back(task)
  local names = {}
  for leg = task.stage, task.legs - 1 do
    local _, name = stage_of(task, leg)
    names[#names + 1] = cjson.encode(name)
  end
  return '[' .. table.concat(names, ',') .. ']'
end

-- Whether the way back may go through irreversible stages and over what another task has moved since.
local function set_forced(task, forced)
  if forced then redis.call('HSET', K.task(task.id), 'forced', 1) else redis.call('HDEL', K.task(task.id), 'forced') end
  task.forced = forced
end

-- A rollback that failed goes on at the stage where it stopped; one whose checkpoint was lost begins anew, since what its
-- stages returned is gone.
-- @rare
local function start_rollback(task)
  local resumed = task.status == TASK.ROLLBACK_FAILED
  local key = K.task(task.id)
  -- Part of the steps' idempotency keys: what a second way back does is not what the first one did.
  redis.call('HINCRBY', key, 'rollbacks', 1)
  end_retry(task, false)
  forget_beat(task)
  task.epoch = draw_epoch()
  if task.rollback then count_task(task, 'rollbackRequested', -1) end
  -- One that turns at its boundary has not been asked by itself.
  local by_policy = task.plan_status == PLAN.ROLLING_BACK and redis.call('HGET', K.plan(task.plan), 'rollbackBy') == 'policy'
  if by_policy then mark_sent_back_with_plan(task) end
  move_task(task)
  if resumed and not has_lost_checkpoint(task) then
    -- It was to expire with the failed rollback; one that goes on needs it to the end.
    stop_checkpoint_expiry(task)
  else
    redis.call('HSET', key, 'stage', 0, 'legs', task.touched)
    clear_checkpoint(task)
    -- What the way forward confirmed says nothing of the way back.
    redis.call('HDEL', key, 'healthy')
    -- Its way back may fail as well: both are told then.
    if resumed then -- Why it was to go back stays as it was told.
    elseif task.record.failure then redis.call('HSET', key, 'wentBackFor', task.record.failure)
    else redis.call('HDEL', key, 'wentBackFor') end
    task.stage, task.legs = 0, task.touched
  end
  redis.call('HSET', key, 'epoch', int(task.epoch), 'turn', 0, 'startedAt', int(WALL))
  redis.call('HDEL', key, 'rollbackRequested', 'cursor', 'lastCursor', 'stageStarted', 'endedAt', 'durationMillis', 'failure',
    'pauseRequested', 'cancelRequested', 'cancelledBy', 'cancelledFor', 'pausedFor', 'rank', 'ranMillis', 'pausedAt',
    'pausedMillis', 'recoveries')
  task.turn, task.rollback, task.stage_started, task.started_at = 0, false, false, WALL
  emit_task('TaskRollingBack', task, '{"stagesToRollback":' .. stages_to_roll_back(task) .. '}')
end
