-- Acts on what a person asked for, between two stages (I5). Rollback goes before cancel (a cancel asked for later would
-- have withdrawn it), cancel before pause.
-- @include keys
-- @include checkpoint
-- @include task
-- @include release
-- @include lease
-- @include plan_end
-- @include task_end
-- @include rollback_start
-- @include deadline
-- @include snapshot

local function pause_task(task, paused_by_plan)
  move_task(task)
  redis.call('HDEL', K.task(task.id), 'pauseRequested')
  -- The tenant stays held; a task paused by itself stays paused when its plan resumes.
  if paused_by_plan then redis.call('SADD', K.plan_paused(task.plan), task.id) end
  stop_deadline(task)
  note_pause(task)
  drop_lease(task)
  free_slot(task)
  emit_task('TaskPaused', task)
  settle_plan(task.plan_move)
end

-- Who gave a task up, as events tell it. Only Changeover itself acts under `system` and `policy`
-- (orchestrator/control/target.py refuses them to people); what it says behind `system: ` is why.
local function canceller(by)
  local why = string.match(by, '^system: (.*)$')
  local kind = (why or by == 'system') and 'system' or by == 'policy' and 'policy' or 'manual'
  return '{"kind":"' .. kind .. '","actor":' .. cjson.encode(why and 'system' or by)
    .. ',"reason":' .. (why and cjson.encode(why) or 'null') .. '}'
end

-- Who asked for it, where a hand has taken that out.
local UNKNOWN = 'system'

local function cancel_task(task, cancelled_by)
  cancelled_by = cancelled_by or UNKNOWN
  local _, last_stage = stage_of(task, task.stage - 1)
  move_task(task)
  redis.call('HSET', K.task(task.id), 'cancelledBy', cancelled_by)
  clear_checkpoint(task)
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  stop_queueing(task)
  end_task(task, 'TaskCancelled', '{"cancelledBy":' .. canceller(cancelled_by) .. ',"lastStage":'
    .. (last_stage ~= '' and cjson.encode(last_stage) or 'null') .. '}')
end

local function turn_around(task)
  if not task.rollback then set_forced(task, redis.call('HGET', K.plan(task.plan), 'rollbackForced') == '1') end
  start_rollback(task)
  hold_tenant(task)
  redis.call('HSET', K.task(task.id), 'admittedAt', int(NOW))
  set_deadline(task)
  lease_queued(task, NOW)
  wake_dispatch(task.id)
  -- It may have been the last running task of a pausing plan.
  settle_plan(task.plan_move)
end

-- What was asked for and comes now, the table asked: ROLLING_BACK, CANCELLED or PAUSED; nil when the task goes on.
-- @rare
local function ask_boundary(task)
  if task.status ~= TASK.RUNNING then return nil end
  local plan_goes_back = task.plan_status == PLAN.ROLLING_BACK
  if task.rollback or (plan_goes_back and finds_way_back(task)) then
    ask_settled(task, 'roll_back', {rollbackRequested = task.rollback and -1 or 0})
  elseif task.cancel or task.plan_cancels or plan_goes_back then
    ask_settled(task, 'cancel')
  elseif task.pause or task.plan_pauses then
    ask_settled(task, 'pause')
  end
  return task.to
end

-- Does what `ask_boundary` said.
-- @rare
local function stop_at_boundary(task)
  if task.to == TASK.ROLLING_BACK then return turn_around(task) end
  if task.to == TASK.PAUSED then return pause_task(task, not task.pause) end
  local key = task.cancel and K.task(task.id) or K.plan(task.plan)
  local field = not task.cancel and task.plan_status == PLAN.ROLLING_BACK and 'rollbackBy' or 'cancelledBy'
  cancel_task(task, redis.call('HGET', key, field))
end

-- Before a stage's first turn has begun the task is between stages: stops it there if that was asked for, and answers what
-- ask_boundary said.
local function stops_before_stage(task)
  local asked = not task.stage_started and ask_boundary(task) or nil
  if asked then stop_at_boundary(task) end
  return asked
end
