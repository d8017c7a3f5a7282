-- Whether another task has moved the tenant since this one last held it; then its old config is not ours to restore.
-- @include keys
-- @include task
-- @include sound
-- @include whole
-- @include stored_json
-- @include numbers

-- Stored under their first names, so that two releases can work side by side; see orchestrator/ledger/keys.py.
local LAST_MOVER, LAST_MOVER_EPOCH = 'mover', 'moverEpoch'
local PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH = 'moverBefore', 'moverEpochBefore'

-- Fields of its record; whoever asks is told which key it is, if a hand has made something else of it.
local function read_tenant(tenant_id, ...)
  local found = redis.pcall('HMGET', K.tenant(tenant_id), ...)
  if WHOLE.is_other(found) then WHOLE.damaged(K.tenant(tenant_id)) end
  return found
end

-- What a preview shows of a tenant (who moved it last, what it is, its last known good config), in short. The Python side is
-- orchestrator/plans/preview_digest.py.
local function tenant_mark(tenant_id)
  local f = read_tenant(tenant_id, LAST_MOVER, LAST_MOVER_EPOCH, 'current', 'good')
  return redis.sha1hex(table.concat({f[1] or '', f[2] or '', f[3] or '', f[4] or ''}, '\n'))
end

-- The tenants that are named to who submits; the others are counted.
local MOST_MOVED = 10

-- A draft that was submitted as previewed is told that one of its tenants is not any more as it was seen.
-- @rare
local function tell_draft(plan_id, tenant_id)
  local plan = K.plan(plan_id)
  local f = redis.call('HMGET', plan, 'status', 'moved')
  if f[1] ~= PLAN.CREATED then return end
  -- Also where a hand has damaged who was before: that one has moved counts.
  local named = stored_table(f[2]) or {}
  if #named < MOST_MOVED then named[#named + 1] = tenant_id end
  redis.call('HSET', plan, 'moved', cjson.encode(named))
  count_on(plan, 'movedCount', 1)
end

-- What a preview has shown of the tenant is not so any more: in the write that changes it, so that no commit is unaware.
local function tell_drafts(tenant_id, drafts)
  if not drafts then return end
  redis.call('HDEL', K.tenant(tenant_id), 'drafts')
  for plan_id in string.gmatch(drafts, '%S+') do sound(tell_draft, plan_id, tenant_id) end
end

-- Of a task that was never admitted, of a plan submitted as previewed: since it was seen.
local function moved_since_preview_by(task)
  if not task.seen or tenant_mark(task.tenant) == task.seen then return nil end
  return read_tenant(task.tenant, LAST_MOVER)[1] or 'another task'
end

-- @rare
local function moved_since_by(task)
  if task.epoch == 0 then return moved_since_preview_by(task) end
  local f = read_tenant(task.tenant, LAST_MOVER, LAST_MOVER_EPOCH)
  if f[1] and f[1] ~= task.id and (tonumber(f[2] or 0) or 0) > task.epoch then return f[1] end
  return nil
end

-- At the first stage of a forward or backward run: from now on this task is the one that changed the tenant last.
-- Who did before is kept, to be named again once this task has undone its own move and nothing else.
local function become_last_mover(task)
  local tenant = K.tenant(task.tenant)
  local previous = task.last_mover or redis.call('HMGET', tenant, LAST_MOVER, LAST_MOVER_EPOCH, 'drafts')
  if previous[1] ~= task.id then
    if task.status == TASK.RUNNING then
      redis.call('HSET', K.task(task.id), PREVIOUS_MOVER, previous[1] or '', PREVIOUS_MOVER_EPOCH, previous[2] or '0')
    else
      redis.call('HDEL', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
    end
  end
  if previous[1] ~= task.id or previous[2] ~= int(task.epoch) then
    redis.call('HSET', tenant, LAST_MOVER, task.id, LAST_MOVER_EPOCH, int(task.epoch), 'changed', int(WALL), 'underWay', 1)
    tell_drafts(task.tenant, previous[3])
  end
end

-- @rare
local function give_back_to_previous_mover(task)
  local previous = redis.call('HMGET', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
  redis.call('HDEL', K.task(task.id), PREVIOUS_MOVER, PREVIOUS_MOVER_EPOCH)
  if not previous[1] then return end
  if previous[1] == '' then redis.call('HDEL', K.tenant(task.tenant), LAST_MOVER, LAST_MOVER_EPOCH)
  else redis.call('HSET', K.tenant(task.tenant), LAST_MOVER, previous[1], LAST_MOVER_EPOCH, previous[2]) end
end
