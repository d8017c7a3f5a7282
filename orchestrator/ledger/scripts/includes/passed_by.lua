-- Tasks that are passed by where something is done for many of a plan's: with their records, or with a key that they go by,
-- no script can work (I19). Each is named by an event, since nobody else would say that it was left as it is.
-- @include keys
-- @include operation
-- @include move
-- @include whole

local NOWHERE, DAMAGED_RECORD = 'there is no config to go back to', 'its record is damaged'

-- What is left of a task with whose record no script can work; its config may still tell the tenant.
local function remains_of(plan_id, task_id)
  local f = redis.pcall('HMGET', K.task(task_id), 'tenant', 'wave', 'status')
  local tenant = f[1] or nil
  if not tenant then
    local config = redis.pcall('GET', K.config(task_id))
    local is_read, told = pcall(cjson.decode, type(config) == 'string' and config or '')
    tenant = is_read and type(told) == 'table' and type(told.tenant_id) == 'string' and told.tenant_id or ''
  end
  return {id = task_id, plan = plan_id, tenant = tenant, wave = tonumber(f[2] or nil), status = f[3] or '', remains = true}
end

-- What of the task is damaged, when `apart` has just refused it; nil where the table did, which is no damage but a fault of
-- ours.
local function damage_of(task)
  local found = BAD_MOVES[#BAD_MOVES]
  if found and found[1] == 'wave' then return nil end
  local text = found and found[2] == task.id and found[4] or ''
  local key = string.match(text, 'the key %S+ is damaged')
  if key then return key end
  -- The table's refusal is the trigger, one word.
  local is_refused = TASK_KNOWN[task.status] and string.find(text, '^[%w_]+$')
  return (task.remains or not is_refused) and DAMAGED_RECORD or nil
end

-- As apart, of one of a plan's tasks. What is no matter of the one ends the verb before its first write, and is done another
-- time: that the table lacks the row for all who stand as it does (a fault of ours), or that their plan's record is damaged.
local function apart_of_plan(work, task, ...)
  local done, answer = apart(work, task, ...)
  if done then return true, answer end
  local why = damage_of(task)
  if not why then error({bad_move = table.remove(BAD_MOVES)}, 0) end
  if why == 'the key ' .. K.plan(task.plan) .. ' is damaged' then WHOLE.damaged(K.plan(task.plan)) end
  return false
end

-- operation: what it is left with, and what of the event says what was not done.
local function tell_passed_by(task, operation, why, options)
  if why then emit_operation(operation, task.plan, task, 'system', why, options) end
end

-- The rollback of its plan, or of its wave, leaves the task as it is: with one that was asked for it before, too.
local function tell_left(task, why) tell_passed_by(task, 'cancel', why, '{"withdraws":"rollback","asItWas":true}') end
