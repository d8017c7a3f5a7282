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

-- One row of the table lets all go on that their plan had paused. Without it nothing is done for any of them.
local function ask_paused_of(plan_id)
  local any = redis.call('SRANDMEMBER', K.plan_paused(plan_id))
  if any and not task_row(TASK.PAUSED, 'resume') then refuse('task', any, TASK.PAUSED, 'resume') end
end

-- One that its plan's resume cannot let go on all the same, since it is damaged: it is paused by itself from then on, which
-- its event tells. task: nil when that is its record.
local function leave_paused(plan_id, task_id, task)
  task = task or remains_of(plan_id, task_id)
  redis.call('SREM', K.plan_paused(plan_id), task_id)
  tell_passed_by(task, 'pause', damage_of(task) or DAMAGED_RECORD, '{"withdraws":"resume"}')
end
