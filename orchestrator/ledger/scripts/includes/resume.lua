-- Puts a paused task back into its plan's queue, ahead of the moves and in plan order among the resumed. The table has
-- been asked for 'resume'.
-- @include keys
-- @include operation
-- @include passed_by

local function resume_task(task)
  move_task(task)
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  local holds = task.started_at > 0
  enqueue(task, RANK_RESUMED + position_of(task.id) + (holds and 0 or HOLDS_NOTHING + (task.wave or 0) * WAVE_BLOCK))
end

-- One that its plan's resume cannot let go on, since it is damaged: it is paused by itself from then on. task: nil when that
-- is its record.
local function leave_paused(plan_id, task_id, task)
  task = task or remains_of(plan_id, task_id)
  local why = damage_of(task)
  if why then redis.call('SREM', K.plan_paused(plan_id), task_id) end
  tell_passed_by(task, 'pause', why, '{"withdraws":"resume"}')
end
