-- Puts a paused task back into its plan's queue, ahead of the moves and in plan order among the resumed. The table has
-- been asked for 'resume'.
-- @include keys
-- @include operation

local function resume_task(task)
  move_task(task)
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  local holds = task.started_at > 0
  enqueue(task, RANK_RESUMED + position_of(task.id) + (holds and 0 or HOLDS_NOTHING + (task.wave or 0) * WAVE_BLOCK))
end
