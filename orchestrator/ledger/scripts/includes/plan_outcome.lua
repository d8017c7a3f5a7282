-- How a plan ends, by how many of its tasks are in each state.
-- @include keys
-- @include transitions
-- @include whole

-- What it is told by: first its tasks' states, each of them.
local COUNTED = {
  TASK.PENDING, TASK.RUNNING, TASK.PAUSED, TASK.ROLLING_BACK, TASK.COMPLETED, TASK.FAILED, TASK.CANCELLED,
  TASK.ROLLBACK_FAILED, TASK.ROLLED_BACK, 'rollbackRequested', 'accepted', 'skipped',
}
local STATES = 9

-- The trigger of its last move. Counts that do not make up all its tasks are damaged: by one that is lost it would end over
-- a task that is open, to which nobody comes back (I9).
-- @rare
local function end_trigger(plan, cancelled, given_up)
  local told = 0
  for i = 1, STATES do told = told + plan[COUNTED[i]] end
  if told ~= plan.total then WHOLE.damaged(K.plan(plan.id)) end
  if plan.status == PLAN.ROLLING_BACK then
    return (plan[TASK.ROLLBACK_FAILED] > 0 or given_up) and 'rollback_fail' or 'rollback_done'
  end
  if cancelled then return 'cancel' end
  if plan[TASK.COMPLETED] + plan.accepted == plan.total then return 'complete' end
  if plan[TASK.FAILED] + plan[TASK.ROLLBACK_FAILED] > plan.accepted then return 'fail' end
  if plan[TASK.CANCELLED] > 0 then return 'cancel' end
  -- Tasks were rolled back one by one: not all tenants are at the new version.
  return 'rollback_done'
end
