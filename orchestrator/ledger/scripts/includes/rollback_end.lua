-- Ends a rollback, well or badly; the table has been asked.
-- @include keys
-- @include checkpoint
-- @include task_end
-- @include tenant_history
-- @include settings
-- @include skipped

-- restored is the config in force again, as the worker applied it: the tenant's last known good one from now on, if a
-- health check confirmed it.
-- @rare
local function finish_rollback(task, restored, identity)
  local key, tenant = K.task(task.id), K.tenant(task.tenant)
  move_task(task)
  clear_checkpoint(task)
  if redis.call('HGET', key, 'healthy') == '1' then redis.call('HSET', tenant, 'good', restored) end
  note_current(task, identity)
  give_back_to_previous_mover(task)
  redis.call('HSET', key, 'touched', 0)
  forget_skipped(task)
  end_task(task, 'TaskRolledBack', '{"restored":' .. identity .. '}')
end

local function fail_rollback(task, failure)
  move_task(task)
  redis.call('HSET', K.task(task.id), 'failure', failure)
  let_checkpoint_expire(task)
  end_task(task, 'TaskRollbackFailed', '{"failureInfo":' .. failure .. '}')
end
