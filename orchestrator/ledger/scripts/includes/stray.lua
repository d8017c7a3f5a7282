-- One that waits, or is paused, in a plan that was given up or goes back, and whose chunks are done: it was passed by, since
-- what it goes by was damaged. Nothing else would end it, once that is mended.
-- @include keys
-- @include boundary

-- Answers what was wrong; nil when nothing was.
local function give_up_stray(task)
  if task.rollback or (task.status ~= TASK.PENDING and task.status ~= TASK.PAUSED) then return nil end
  local goes_back = task.plan_status == PLAN.ROLLING_BACK
  if not goes_back and not task.plan_cancels then return nil end
  local f = redis.call('HMGET', K.plan(task.plan), 'cancelCursor', 'rollbackCursor', goes_back and 'rollbackBy' or 'cancelledBy')
  if f[1] or f[2] then return nil end
  ask_settled(task, 'cancel')
  cancel_task(task, f[3])
  return 'passed by when its plan was given up'
end
