-- Whether there is an old config to go back to: the plan's own, or the last known good read at first admission.
-- @include keys
-- @include task

local function has_snapshot(task)
  if redis.call('HEXISTS', K.task(task.id), 'snapshot') == 1 then return true end
  return type(cjson.decode(redis.call('GET', K.config(task.id))).source_tenant_deploy_config) == 'table'
end
