-- Whether there is an old config to go back to: the plan's own, or the last known good read at first admission.
-- @include keys
-- @include task

local function has_snapshot(task)
  if redis.call('HEXISTS', K.task(task.id), 'snapshot') == 1 then return true end
  local config = redis.call('GET', K.config(task.id))
  return config ~= false and type(cjson.decode(config).source_tenant_deploy_config) == 'table'
end

-- Whether a plan that goes back takes the task with it. One that has touched something and has nowhere to go back to stays
-- as it is: a rollback of it could only fail, and then nothing could be done with it any more.
-- @rare
local function can_go_back(task) return task.touched > 0 and has_snapshot(task) end
