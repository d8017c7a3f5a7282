-- What becomes of a task and its tenant when the tenant's record was lost. Two may have it then, since it was given away:
-- the former holder stops (I1).
-- @include keys
-- @include epoch
-- @include lease
-- @include release
-- @include stage_fail
-- @include whole_plan

local function give_way(task, holder)
  ask_failure(task)
  fence_off(task)
  fail_stage(task, 'TenantLost', 'the record of its tenant was lost, and ' .. holder .. ' holds the tenant now')
end

-- A paused task, and one that waits to go on after a resume, holds its tenant if it had been admitted.
local function should_hold(task)
  if TASK_ACTIVE[task.status] then return true end
  return (task.status == TASK.PAUSED or task.status == TASK.PENDING) and task.started_at > 0
end

-- Answers what was wrong; nil when nothing was.
local function repair_tenant(task)
  WHOLE.ask_places(task)
  local f = redis.call('HMGET', K.tenant(task.tenant), 'holder', 'epoch')
  local holder = f[1]
  if holder == task.id and not should_hold(task) then
    free_tenant(task)
    return 'leaked tenant'
  elseif holder == task.id and tonumber(f[2]) ~= task.epoch then
    hold_tenant(task)
    return 'epoch of a tenant'
  elseif not holder and should_hold(task) then
    hold_tenant(task)
    return 'lost tenant'
  elseif holder ~= task.id and TASK_ACTIVE[task.status] then
    give_way(task, holder)
    return 'tenant of another'
  end
end
