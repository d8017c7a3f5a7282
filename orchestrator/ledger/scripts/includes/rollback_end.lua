-- Ends a rollback, well or badly.
-- @include keys
-- @include task_end
-- @include settings

local IDENTITY = {'deploy_unit_id', 'deploy_unit_name', 'deploy_unit_version'}
local IDENTITY_WIRE = {deploy_unit_id = 'deployUnitId', deploy_unit_name = 'deployUnitName',
  deploy_unit_version = 'deployUnitVersion'}

-- What the tenant is again: the snapshot's own identity, what it leaves out from the new config.
local function restored_identity(task)
  local config = cjson.decode(redis.call('GET', K.config(task.id)))
  local source = config.source_tenant_deploy_config
  if type(source) ~= 'table' then
    local snapshot = redis.call('HGET', K.task(task.id), 'snapshot')
    source = snapshot and cjson.decode(snapshot) or {}
  end
  local parts = {}
  for _, name in ipairs(IDENTITY) do
    local value = source[name] or config[name]
    parts[#parts + 1] = '"' .. IDENTITY_WIRE[name] .. '":' .. (value == nil and 'null' or cjson.encode(value))
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

local function finish_rollback(task)
  move_task(task, 'rollback_done')
  redis.call('DEL', K.checkpoint(task.id))
  redis.call('HSET', K.task(task.id), 'touched', 0)
  end_task(task, 'TaskRolledBack', '{"restored":' .. restored_identity(task) .. '}')
end

local function fail_rollback(task, failure)
  move_task(task, 'rollback_fail')
  redis.call('HSET', K.task(task.id), 'failure', failure)
  redis.call('PEXPIRE', K.checkpoint(task.id), CHECKPOINT_TTL_MS)
  end_task(task, 'TaskRollbackFailed', '{"failureInfo":' .. failure .. '}')
end
