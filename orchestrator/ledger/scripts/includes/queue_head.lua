-- One look at the head of a plan's queue: the one place that decides who may start now (I2, I3).
-- @include keys
-- @include admission
-- @include boundary
-- @include tenant_history
-- @include rollback_request
-- @include whole_plan

-- The tenant is free, but another task has moved it since: going on would undo that. A person is told and may force.
-- @rare
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

local function comes_back(task)
  if task.forced then return false end
  return task.rollback or (task.retrying ~= '' and task.started_at == 0) or (task.seen and task.epoch == 0)
end

-- Whether another stands before it: then it waits in the tenant's line from here on.
local function joins_line(task)
  local holder, reason = in_front_of(task)
  if holder then join_line(task, holder, reason) end
  return holder ~= nil
end

-- Whether something other than its plan keeps it from starting: then it waits for that from here on. Whoever stood behind
-- it in the line of a free tenant, and can start, has its turn.
local function has_to_wait(task)
  WHOLE.ask_places(task)
  local waits = waits_frozen(task) or joins_line(task) or waits_for_group(task)
  if task.left_line and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0 then wake_tenant(task.tenant) end
  return waits
end

-- One at the head that the table refused to move, or whose tenant is damaged: the others go on without it.
-- @rare
local function pass_by(round)
  round.refused = round.refused + 1
  return round.strict and 'END' or 'LOOKED'
end

-- The task that goes, when the head waits in a line. One slot means strict order: nobody is passed over, the head blocks
-- its plan and takes no slot. Only a task that holds its tenant goes before it: that one waits for nobody, and another
-- plan may wait for it.
-- @rare
local function goes_before(round)
  local holder = round.strict and plan_admits(round.plan, false) and first_resumed_holder(round.plan)
  return holder and move_may_start(round.plan, holder.wave, true) and holder or nil
end

-- round: {plan = its id, strict = one slot only, refused = how many at the head are passed by}. start: what is done with a
-- task that may start, the table not yet asked; it takes slot and tenant. may_start: whether the caller wants it, or nil.
-- Answers STARTED and the task; LOOKED when the next look may find another; END when nobody can start now, FULL when
-- nobody can until one ends, or is asked for.
local function look_at_head(round, start, may_start)
  local head = redis.call('ZRANGE', K.queue(round.plan), round.refused, round.refused)[1]
  if not head then return 'END' end
  local task = read_task(head)
  -- The queue is sorted with rollbacks first, so nothing behind a head that may not start can start either.
  if task and not plan_admits(round.plan, task.rollback) then return 'END' end
  -- Nor while it waits for an earlier wave, or for a person who answers a breaker.
  if task and not task.rollback and not move_may_start(round.plan, task.wave, task.started_at > 0) then return 'FULL' end
  local looked, waits = not task, false
  if task then looked, waits = apart(has_to_wait, task) end
  if not looked then return pass_by(round) end
  local goes = task
  if waits then
    goes = goes_before(round)
    if round.strict and not goes then return 'END' end
  end
  if not goes then
    -- Passed over; or damaged: then it stands in nobody's way.
    redis.call('ZREM', K.queue(round.plan), head)
    return 'LOOKED'
  end
  local other = comes_back(goes) and moved_since_by(goes)
  if not other and may_start and not may_start(goes) then return 'END' end
  if not apart(other and give_up or start, goes, other) then
    sound(let_by, goes)
    return pass_by(round)
  end
  if other then return 'LOOKED' end
  return 'STARTED', goes
end
