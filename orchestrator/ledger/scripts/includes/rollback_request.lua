-- A rollback asked for is a flag until it is admitted: the status stays, retry is refused, cancel withdraws it.
-- @include keys
-- @include boundary
-- @include operation

-- A waiting task stops first: the table leads to a rollback from PAUSED, not from PENDING.
local function stop_waiting(task)
  move_task(task, 'pause')
  redis.call('ZREM', K.queue(task.plan), task.id)
  leave_line(task)
  emit_task('TaskPaused', task)
end

local function request_rollback(task, forced)
  if task.status == 'PENDING' then stop_waiting(task) end
  redis.call('SREM', K.plan_paused(task.plan), task.id)
  redis.call('HSET', K.task(task.id), 'rollbackRequested', 1)
  set_forced(task, forced)
  redis.call('HINCRBY', K.plan(task.plan), 'n:rollbackRequested', 1)
  task.rollback = true
  local rank = RANK_ROLLBACK + next_ticket()
  if task.status == 'RUNNING' then
    redis.call('HSET', K.task(task.id), 'rank', int(rank))
  else
    enqueue(task, rank)
  end
end

local function withdraw_rollback(task)
  redis.call('HDEL', K.task(task.id), 'rollbackRequested', 'forced', 'rank')
  redis.call('HINCRBY', K.plan(task.plan), 'n:rollbackRequested', -1)
  redis.call('ZREM', K.queue(task.plan), task.id)
  leave_line(task)
  task.rollback = false
end

-- Gives up a rollback that was asked for. A task that had stopped for it ends, if its plan goes no further either.
local function give_up_rollback(task, actor)
  withdraw_rollback(task)
  local plan = redis.call('HMGET', K.plan(task.plan), 'status', 'cancelRequested')
  -- The plan cannot say that everything is back.
  if plan[1] == 'ROLLING_BACK' then redis.call('HSET', K.plan(task.plan), 'rollbackGivenUp', 1) end
  if task.status == 'PAUSED' and (plan[1] == 'ROLLING_BACK' or plan[2] == '1') then
    cancel_task(task, actor)
  else
    settle_plan(task.plan)
  end
end
