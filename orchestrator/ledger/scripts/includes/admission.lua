-- Who may take a tenant, and what changes when a task takes it.
-- @include keys
-- @include settings
-- @include task
-- @include wake
-- @include could_start
-- @include lease
-- @include rollback_start
-- @include deadline
-- @include move
-- @include epoch
-- @include pace
-- @include frozen
-- @include group_wait
-- @include whole_plan

-- So many are looked at for one that no freeze stops; a plan with one slot seldom has two.
local MOST_HOLDERS = 10

-- The first of the resumed tasks that holds its tenant since before its pause and may go on; nil when there is none.
-- @rare
local function first_resumed_holder(plan_id)
  local upto = '(' .. int(RANK_RESUMED + HOLDS_NOTHING)
  for _, task_id in ipairs(redis.call('ZRANGEBYSCORE', K.queue(plan_id), RANK_RESUMED, upto, 'LIMIT', 0, MOST_HOLDERS)) do
    local task = read_task(task_id)
    if task and not waits_frozen(task) and not waits_for_group(task) then return task end
  end
  return nil
end

-- The task that stands before this one for its tenant: the holder, or a lower ticket that could be admitted right now. It
-- may have stayed in the line when another was woken that then could not start: it is woken now.
local function in_front_of(task)
  local holder = redis.call('HGET', K.tenant(task.tenant), 'holder')
  if holder then
    if holder == task.id then return nil end
    return holder, 'the tenant is held by another task'
  end
  local other_id, not_looked_at = first_in_line(task.tenant, task)
  if not other_id then return nil end
  wake_waiter(task.tenant, other_id, not_looked_at)
  return other_id, 'another task has waited longer for the tenant'
end

-- Joins the tenant's line (rollbacks first, then order of first wait); said once a wait, also when it stood back since.
-- @rare
local function join_line(task, holder, reason)
  local line = K.line(task.tenant)
  if redis.call('ZSCORE', line, task.id) then return end
  WHOLE.ask_places(task)
  step_out_of_groups(task)
  local kept, since = unpack(redis.call('HMGET', K.task(task.id), 'ticket', 'waitingSince'))
  local ticket = kept or redis.call('HINCRBY', K.meta(), 'ticket', 1)
  redis.call('ZADD', line, score_of(task, tonumber(ticket)), task.id)
  redis.call('HINCRBY', K.plan(task.plan), 'n:lined', 1)
  redis.call('ZADD', K.lined(), NOW, task.tenant)
  redis.call('HSET', K.task(task.id), 'waitingSince', since or int(WALL), 'ticket', ticket)
  if kept then return end
  emit_task('TaskWaiting', task, '{"reason":' .. cjson.encode(reason) .. ',"holder":' .. cjson.encode(holder) .. '}')
end

-- The snapshot: the plan's own source config, else the last known good, read once at the first admission.
local function take_snapshot(task)
  local good = redis.call('HGET', K.tenant(task.tenant), 'good')
  if good then redis.call('HSETNX', K.task(task.id), 'snapshot', good) end
end

-- Each tells the clock that the rate goes by, since the time that people are shown may stand still (see pace).
local function emit_admitted(task, resumed)
  local start = '{"ledgerClockMillis":' .. int(NOW)
  if task.retrying ~= '' and not resumed then
    emit_task('TaskRetryStarted', task, start .. ',"fromCheckpoint":' .. tostring(task.retrying == 'checkpoint') .. '}')
    if task.retrying == 'checkpoint' then
      emit_task('TaskProgress', task, '{"completedStages":' .. task.stage .. ',"totalStages":' .. task.legs .. '}')
    end
  elseif resumed then
    emit_task('TaskResumed', task, start .. '}')
  else
    emit_task('TaskStarted', task, start .. ',"totalStages":' .. task.legs .. '}')
  end
end

local function admit_move(task)
  local key = K.task(task.id)
  -- startedAt is kept over a pause and cleared by a retry, so it tells a resume from a start.
  local resumed = task.started_at > 0
  task.epoch = draw_epoch()
  move_task(task)
  redis.call('HSET', key, 'epoch', int(task.epoch), 'turn', 0, unpack(resumed and {} or {'startedAt', int(WALL)}))
  if task.record.cursor or task.record.rank then redis.call('HDEL', key, 'cursor', 'rank') end
  task.turn = 0
  if resumed then
    note_pause_over(task)
  else
    task.started_at = WALL
    take_snapshot(task)
  end
  emit_admitted(task, resumed)
end

-- Takes slot and tenant under a new epoch, in the plan's first free place; whoever calls gives it a lease.
local function take_places(task)
  ask_task(task, task.rollback and 'roll_back' or 'admit')
  if task.uses_ticket then redis.call('HINCRBY', K.meta(), 'ticket', 1) end
  hold_groups(task)
  redis.call('ZREM', K.queue(task.plan), task.id)
  leave_line(task)
  redis.call('SADD', K.slots(task.plan), task.id)
  if task.rollback then
    start_rollback(task)
  else
    note_start(task.plan)
    admit_move(task)
  end
  hold_tenant(task)
  redis.call('HSET', K.task(task.id), 'admittedAt', int(NOW))
  -- Stopped in the middle of a stage, when its worker was lost: the stage's time starts again.
  if task.stage_started then redis.call('HSET', K.task(task.id), 'stageStartedAt', int(NOW)) end
  set_deadline(task, task.stage_started and task.stage or nil)
end
