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
  if forced then redis.call('HSET', K.task(task.id), 'forced', 1) end
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
