-- Acts on what a person asked for, between two stages (I5). Rollback goes before cancel (a cancel asked for later would
-- have withdrawn it), cancel before pause.
-- @include keys
-- @include task
-- @include release
-- @include lease
-- @include plan_end
-- @include task_end
-- @include rollback_start
-- @include deadline

local function pause_task(task, paused_by_plan)
  move_task(task, 'pause')
  redis.call('HDEL', K.task(task.id), 'pauseRequested')
  -- The tenant stays held; a task paused by itself stays paused when its plan resumes.
  if paused_by_plan then redis.call('SADD', K.plan_paused(task.plan), task.id) end
  stop_deadline(task)
  drop_lease(task)
  free_slot(task)
  emit_task('TaskPaused', task)
  settle_plan(task.plan)
end

local function cancel_task(task, cancelled_by)
  local _, last_stage = stage_of(task, task.stage - 1)
  move_task(task, 'cancel')
  redis.call('HSET', K.task(task.id), 'cancelledBy', cancelled_by)
  redis.call('DEL', K.checkpoint(task.id))
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  redis.call('ZREM', K.queue(task.plan), task.id)
  leave_line(task)
  end_task(task, 'TaskCancelled', '{"cancelledBy":' .. cjson.encode(cancelled_by) .. ',"lastStage":'
    .. (last_stage ~= '' and cjson.encode(last_stage) or 'null') .. '}')
end

-- 'CANCELLED', 'PAUSED' or 'ROLLING_BACK' when something was asked for and done; nil when the task goes on.
local function stop_at_boundary(task)
  if task.status ~= 'RUNNING' then return nil end
  local plan_goes_back = task.plan_status == 'ROLLING_BACK'
  if task.rollback or (plan_goes_back and task.touched > 0) then
    if not task.rollback then set_forced(task, redis.call('HGET', K.plan(task.plan), 'rollbackForced') == '1') end
    start_rollback(task)
    redis.call('HSET', K.task(task.id), 'admittedAt', int(NOW))
    set_deadline(task)
    lease_queued(task, NOW)
    wake_dispatch(task.id)
    -- It may have been the last running task of a pausing plan.
    settle_plan(task.plan)
    return 'ROLLING_BACK'
  end
  if task.cancel or task.plan_cancels or plan_goes_back then
    local key = task.cancel and K.task(task.id) or K.plan(task.plan)
    local field = not task.cancel and plan_goes_back and 'rollbackBy' or 'cancelledBy'
    cancel_task(task, redis.call('HGET', key, field))
    return 'CANCELLED'
  end
  if task.pause or task.plan_pauses then
    pause_task(task, not task.pause)
    return 'PAUSED'
  end
  return nil
end
