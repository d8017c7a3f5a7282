-- A rollback asked for is a flag until it is admitted: the status stays, retry is refused, cancel withdraws it.
-- @include keys
-- @include boundary
-- @include numbers
-- @include operation
-- @include whole_plan

-- A waiting task stops first: the table leads to a rollback from PAUSED, not from PENDING.
local function stop_waiting(task)
  move_task(task)
  stop_queueing(task)
  emit_task('TaskPaused', task)
end

-- Whether the table leads to a rollback from where the task is.
local function may_roll_back(task)
  if task.status ~= TASK.PENDING then return task_row(task.status, 'roll_back') end
  return task_row(TASK.PENDING, 'pause') and task_row(TASK.PAUSED, 'roll_back')
end

-- Asks the table for what the request itself moves, and notes it in the changes of the plan.
local function ask_request(task, changes)
  WHOLE.ask_places(task)
  ask_counts(task)
  if task.status == TASK.PENDING then ask_noting(task, 'pause', changes) end
  local from = task.to or task.status
  if not task_row(from, 'roll_back') then refuse('task', task.id, from, 'roll_back') end
  ask_reopened_wave(task)
  add(changes, 'rollbackRequested', 1)
end

local function request_rollback(task, forced)
  if task.status == TASK.PENDING then stop_waiting(task) end
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  redis.call('HSET', K.task(task.id), 'rollbackRequested', 1)
  -- Its plan's policy has had its try: whoever asks now has seen the failure.
  redis.call('HDEL', K.task(task.id), 'policyBack')
  task.by_policy = false
  set_forced(task, forced)
  count_task(task, 'rollbackRequested', 1)
  reopen_wave(task)
  task.rollback = true
  -- One that runs holds its tenant, but not any more when it comes to be queued: it has ended then.
  local holds = task.status == TASK.PAUSED and task.started_at > 0
  local rank = RANK_ROLLBACK + (holds and 0 or HOLDS_NOTHING) + next_ticket()
  if task.status == TASK.RUNNING then
    redis.call('HSET', K.task(task.id), 'rank', int(rank))
  else
    enqueue(task, rank)
  end
end

local function withdraw_rollback(task)
  redis.call('HDEL', K.task(task.id), 'rollbackRequested', 'forced', 'rank', 'policyBack')
  count_task(task, 'rollbackRequested', -1)
  if task.status ~= TASK.ROLLBACK_FAILED then unmark_sent_back(task) end
  stop_queueing(task)
  task.rollback, task.by_policy = false, false
end

-- Asks for the end of a rollback that was asked for. A task that had stopped for it ends, if its plan goes no further
-- either; a plan that goes back cannot say any more that everything is back.
local function ask_withdrawal(task)
  WHOLE.ask_places(task)
  ask_counts(task)
  local goes_back = task.plan_status == PLAN.ROLLING_BACK
  local changes = {rollbackRequested = -1, gives_up = goes_back}
  if task.record.sentBack and task.status ~= TASK.ROLLBACK_FAILED then changes.sentBack = -1 end
  if task.status == TASK.PAUSED and (goes_back or task.plan_cancels) then
    ask_settled(task, 'cancel', changes)
  else
    task.plan_move = foresee(task.plan, changes)
    if task.wave then ask_waves_of(task, changes) end
  end
end

local function give_up_rollback(task, actor)
  withdraw_rollback(task)
  if task.plan_status == PLAN.ROLLING_BACK then redis.call('HSET', K.plan(task.plan), 'rollbackGivenUp', 1) end
  if task.to then return cancel_task(task, actor) end
  settle_waves(task.plan)
  settle_plan(task.plan_move)
end
