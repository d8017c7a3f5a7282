-- Takes a task out of everything, whatever its record says or whether it has one: what it holds, what names it, itself.
-- @include keys
-- @include wake
-- @include plan_gone
-- @include sound
-- @include beats
-- @include hand_back

-- Its record tells, or its config when a hand has taken the record away.
local function tenant_of(task_id)
  local tenant_id = redis.pcall('HGET', K.task(task_id), 'tenant')
  if type(tenant_id) == 'string' then return tenant_id end
  local config = redis.call('GET', K.config(task_id))
  return config and cjson.decode(config).tenant_id
end

-- The tenant that came free by it; nil when it held none.
local function give_up_tenant(task_id)
  local tenant_id = tenant_of(task_id)
  if not tenant_id then return nil end
  local tenant, line = K.tenant(tenant_id), K.line(tenant_id)
  if redis.call('ZREM', line, task_id) == 1 and redis.call('EXISTS', line) == 0 then redis.call('ZREM', K.lined(), tenant_id) end
  local holder = redis.call('HGET', tenant, 'holder')
  if holder == task_id then redis.call('HDEL', tenant, 'holder', 'epoch', 'since') end
  -- Who stood behind it in the line of a free tenant may have left the tenant to it.
  if not holder or holder == task_id then wake_tenant(tenant_id) end
  return holder == task_id and tenant_id or nil
end

-- By what its record tells: its plan's may be gone.
local function leave_groups(task_id)
  for group in string.gmatch(redis.call('HGET', K.task(task_id), 'groups') or '', '%S+') do
    for _, name in ipairs({group, plan_of(task_id) .. ':' .. group}) do
      leave_group_line(task_id, name)
      if redis.call('SREM', K.group(name), task_id) == 1 then wake_group(name) end
    end
  end
end

-- Answers the same.
local function let_go(task_id)
  for _, timed in ipairs({K.leases_queued(), K.leases_running(), K.deadlines()}) do
    redis.call('ZREM', timed, task_id)
  end
  forget_beat({id = task_id})
  drop_hand_back(task_id)
  local freeze_id = redis.pcall('HGET', K.task(task_id), 'frozenBy')
  if type(freeze_id) == 'string' then redis.pcall('ZREM', K.frozen(freeze_id), task_id) end
  sound(leave_groups, task_id)
  forget_task(task_id)
  local freed = sound(give_up_tenant, task_id)
  redis.call('UNLINK', K.task(task_id), K.config(task_id), K.checkpoint(task_id))
  return freed
end
