-- Whether there is an old config to go back to: the plan's own, or the last known good read at first admission.
-- @include keys
-- @include task
-- @include whole
-- @include sound

local function has_snapshot(task)
  if redis.call('HEXISTS', K.task(task.id), 'snapshot') == 1 then return true end
  local config = redis.pcall('GET', K.config(task.id))
  if not config then return false end
  local is_read, told = pcall(cjson.decode, type(config) == 'string' and config or '')
  if not is_read or type(told) ~= 'table' then WHOLE.damaged(K.config(task.id)) end
  return type(told.source_tenant_deploy_config) == 'table'
end

-- Whether a plan that goes back takes the task with it. One that has touched something and has nowhere to go back to stays
-- as it is: a rollback of it could only fail, and then nothing could be done with it any more.
-- @rare
local function can_go_back(task) return task.touched > 0 and has_snapshot(task) end

-- The same at a task's own end or boundary, which a damaged config may not keep it from: it goes nowhere with one.
-- @rare
local function finds_way_back(task) return sound(can_go_back, task) end

-- Whether a move that fails goes back by itself, as its plan declares: not where that comes anyway, since a person has
-- asked for it.
-- @rare
local function goes_back_by_policy(task)
  return not task.rollback and task.plan_status ~= PLAN.ROLLING_BACK
    and redis.call('HGET', K.plan(task.plan), 'autoRollback') == '1' and finds_way_back(task)
end
