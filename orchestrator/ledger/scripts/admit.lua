-- Fills the plan's free slots from its queue (I2, I3); the publish that follows may be lost, the lease will tell.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant}
--       (hashes), seq, epoch, checkpoint:{task} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       beats, lined, queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox,
--       feed, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to look at in this call
-- CODES GONE (there is no such plan) | ADMITTED, more (1 when the limit ended the call), then a list of
--       {task, tenant, mode, epoch, stage, legs}, then 1 when what was asked of the plan has chunks to do
--       | BAD_MOVE
-- EVENTS OperationRequested PlanStarted PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack
--       PlanRollbackFailed TaskWaiting TaskStarted TaskProgress TaskResumed TaskCancelled TaskRetryStarted
--       TaskRetryCompleted TaskRollingBack
-- @include keys
-- @include admission
-- @include plan_end
-- @include tenant_history
-- @include rollback_request

-- The tenant is free, but another task has moved it since: going on would undo that. A person is told and may force.
local function give_up(task, other)
  local why = 'the tenant has been moved since by ' .. other
  if task.rollback then
    ask_withdrawal(task)
    emit_operation('cancel', task.plan, task, 'system', why, '{"withdraws":"rollback"}')
    give_up_rollback(task, 'system: ' .. why)
  else
    ask_settled(task, 'cancel')
    cancel_task(task, 'system: ' .. why)
  end
end

-- Whether another stands before it: then it waits in the tenant's line from here on.
local function joins_line(task)
  local holder, reason = in_front_of(task)
  if holder then join_line(task, holder, reason) end
  return holder ~= nil
end

-- One that the table refused keeps nobody behind it in its tenant's line.
local function let_by(task)
  if leave_line(task) and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0 then wake_tenant(task.tenant) end
end

local function comes_back(task)
  return not task.forced and (task.rollback or (task.retrying ~= '' and task.started_at == 0))
end

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.pcall('HMGET', plan, 'status', 'max', 'pauseRequested', 'cancelRequested', 'cancelCursor',
  'rollbackCursor', 'resuming', 'retryCursor')
if f.err or not f[1] then
  redis.call('ZREM', K.ready(), plan_id)
  return {'GONE'}
end
local has_chunks = (f[5] or f[6] or f[7] or f[8]) and 1 or 0
local admitted = {}

-- Its turn is over. The next comes after those of all plans that wait, or when something wakes it.
local function answer(more)
  if more + has_chunks > 0 then
    redis.call('ZADD', K.ready(), NOW, plan_id)
  else
    redis.call('ZREM', K.ready(), plan_id)
  end
  return {'ADMITTED', more, admitted, has_chunks}
end

if f[1] == 'READY' and f[3] ~= '1' and f[4] ~= '1' then
  move_plan(ask_plan({id = plan_id, status = f[1]}, 'start'))
  redis.call('HSET', plan, 'startedAt', int(WALL))
  emit_plan('PlanStarted', plan_id)
end

local free = free_slots(plan_id)
-- One slot means strict order: nobody is passed over, the head blocks its plan and takes no slot. Only a task that holds
-- its tenant goes before it: that one waits for nobody, and another plan may wait for it.
local strict = tonumber(f[2]) == 1
-- Tasks at the head of the queue that the table refused to move, or whose tenant is damaged: the others go on without them.
local refused = 0
while free > 0 and limit > 0 do
  limit = limit - 1
  local head = redis.call('ZRANGE', K.queue(plan_id), refused, refused)[1]
  if not head then return answer(0) end
  local task = read_task(head)
  -- The queue is sorted with rollbacks first, so nothing behind a head that may not start can start either.
  if task and not plan_admits(plan_id, task.rollback) then return answer(0) end
  local looked, waits = not task, false
  if task then looked, waits = apart(joins_line, task) end
  local goes = task
  if waits then
    goes = strict and plan_admits(plan_id, false) and first_resumed_holder(plan_id)
    if strict and not goes then return answer(0) end
  end
  if not looked then
    refused = refused + 1
    if strict then return answer(0) end
  elseif not goes then
    -- Passed over; or damaged: then it stands in nobody's way.
    redis.call('ZREM', K.queue(plan_id), head)
  else
    local other = comes_back(goes) and moved_since_by(goes)
    if not apart(other and give_up or admit, goes, other) then
      refused = refused + 1
      sound(let_by, goes)
      if strict then return answer(0) end
    elseif not other then
      free = free - 1
      admitted[#admitted + 1] = {goes.id, goes.tenant, goes.status, goes.epoch, goes.stage, goes.legs}
    end
  end
end
-- A caller that had no room has looked at nobody.
return answer(free > 0 and refused < math.max(tonumber(ARGV[2]), 1) and 1 or 0)
