-- Acts on what a person asked for, between two stages (I5). Cancel goes before rollback, rollback before pause.
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
  local plan = redis.call('HMGET', K.plan(task.plan), 'pauseRequested', 'cancelRequested', 'status', 'cancelledBy', 'rollbackBy')
  if task.cancel or plan[2] == '1' then
    local by = task.cancel and redis.call('HGET', K.task(task.id), 'cancelledBy') or plan[4]
    cancel_task(task, by)
    return 'CANCELLED'
  end
  if plan[3] == 'ROLLING_BACK' and task.touched == 0 then
    cancel_task(task, plan[5])
    return 'CANCELLED'
  end
  if task.rollback or plan[3] == 'ROLLING_BACK' then
    start_rollback(task)
    redis.call('HSET', K.task(task.id), 'admittedAt', int(NOW))
    set_deadline(task)
    lease_queued(task, NOW)
    wake_dispatch(task.id)
    return 'ROLLING_BACK'
  end
  if task.pause or plan[1] == '1' then
    pause_task(task, not task.pause)
    return 'PAUSED'
  end
  return nil
end
