-- Ends a task: times, events, everything it held, and the plan when it was the last. The table has been asked.
-- @include keys
-- @include checkpoint
-- @include task
-- @include release
-- @include plan_end
-- @include retry_end
-- @include deadline
-- @include settings
-- @include counters
-- @include trip
-- @include waves
-- @include tenant_history

local function emit_plan_progress(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), COUNT.COMPLETED, 'total')
  emit_plan('PlanProgress', plan_id, '{"completedTasks":' .. (f[1] or 0) .. ',"totalTasks":' .. f[2] .. '}')
end

-- A failed task goes back by itself, as its plan declares: once a failure, and a way back that fails is left to a person.
-- @rare
local function ask_way_back(task)
  ask_by_policy('rollback', task.plan, 'auto_rollback: task', '{"force":false,"autoRollback":true}', task)
  redis.call('HSET', K.task(task.id), 'rollbackRequested', 1, 'policyBack', 1)
  count_task(task, 'rollbackRequested', 1)
  mark_sent_back(task)
  reopen_wave(task)
  enqueue(task, RANK_ROLLBACK + HOLDS_NOTHING + next_ticket())
end

-- The task's state has been moved; event_data carries the end event's own fields.
local function end_task(task, event, event_data)
  local key = K.task(task.id)
  local duration = task.started_at > 0 and passed(task.started_at) or 0
  note_pause_over(task)
  redis.call('HSET', key, 'endedAt', int(WALL), 'durationMillis', int(duration))
  redis.call('HDEL', key, 'cursor', 'pauseRequested', 'pausedFor', 'cancelRequested', 'stageStarted', 'stageStartedAt',
    'dueAt', 'waitingSince', 'ticket', 'frozenTold', 'groupTold', 'overtaken', 'freezeOverride')
  if task.started_at > 0 then observe('task:' .. string.lower(task.status), duration) end
  release(task)
  emit_task(event, task, event_data)
  end_retry(task, task.status == TASK.COMPLETED)
  -- A rollback asked for while it ran: it had no boundary left to turn at, so it queues like any other.
  if task.rollback then
    redis.call('ZADD', K.queue(task.plan), task.rank, task.id)
    wake_plan(task.plan)
  else
    redis.call('HDEL', key, 'forced', 'rank')
  end
  emit_plan_progress(task.plan)
  trip_breaker(task)
  if task.goes_back_by_policy then ask_way_back(task) end
  settle_waves(task.plan)
  settle_plan(task.plan_move)
end

-- What the tenant is since its last whole move or rollback: deploy unit id, name and version; '{}' is not known.
local function note_current(task, identity)
  local tenant = K.tenant(task.tenant)
  if identity == '{}' then
    redis.call('HSET', tenant, 'changed', int(WALL))
    redis.call('HDEL', tenant, 'underWay', 'current')
  else
    redis.call('HSET', tenant, 'changed', int(WALL), 'current', identity)
    redis.call('HDEL', tenant, 'underWay')
  end
  tell_drafts(task.tenant, redis.call('HGET', tenant, 'drafts'))
end

-- The config that a health check has confirmed; where a hand has taken it away nobody knows which one that was.
-- @rare
local function note_good(task, config)
  if type(config) == 'string' then redis.call('HSET', K.tenant(task.tenant), 'good', config)
  else redis.call('HDEL', K.tenant(task.tenant), 'good') end
end

local function complete_task(task, identity)
  move_task(task)
  clear_checkpoint(task)
  -- With a stage skipped, nobody has seen all of it at work.
  if task.record.healthy == '1' and not task.record.skipped then
    note_good(task, redis.pcall('GET', K.config(task.id)))
  end
  note_current(task, identity)
  local duration = passed(task.started_at)
  end_task(task, 'TaskCompleted',
    '{"durationMillis":' .. int(duration) .. ',"pausedMillis":'
    .. (task.record.pausedMillis or 0) .. ',"completedStages":' .. task.legs .. '}')
end

-- Its plan goes back by its policy, which had asked for its way back while it ran: it has failed all the same, and counts on.
-- @rare
local function note_failed_on_its_way(task)
  if not task.record.sentBack or task.plan_status ~= PLAN.ROLLING_BACK then return end
  if redis.call('HGET', K.plan(task.plan), 'rollbackBy') == POLICY then redis.call('HSET', K.task(task.id), 'policyBack', 1) end
end

-- failure is the FailureInfo as JSON; stage the failed stage's name.
local function fail_task(task, failure, stage)
  move_task(task)
  redis.call('HSET', K.task(task.id), 'failure', failure)
  if task.rollback then note_failed_on_its_way(task) end
  let_checkpoint_expire(task)
  end_task(task, 'TaskFailed', '{"failureInfo":' .. failure .. ',"completedStages":' .. task.stage
    .. ',"failedStage":' .. cjson.encode(stage) .. '}')
end
