-- Puts a paused task back into its plan's queue, ahead of the moves and in plan order among the resumed. The table has
-- been asked for 'resume'.
-- @include keys
-- @include operation

local function resume_task(task)
  move_task(task)
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  enqueue(task, RANK_RESUMED + position_of(task.id))
end
