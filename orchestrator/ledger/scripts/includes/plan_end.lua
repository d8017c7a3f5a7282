-- Ends a plan in the write that closes its last open task; completes a pause when the last running stage has ended.
-- @include keys
-- @include transitions
-- @include event
-- @include move
-- @include sent_back
-- @include numbers
-- @include breaker
-- @include waves
-- @include kept_open
-- @include plan_outcome

local SETTLED = {
  complete = 'PlanCompleted', fail = 'PlanFailed', cancel = 'PlanCancelled', pause = 'PlanPaused',
  rollback_done = 'PlanRolledBack', rollback_fail = 'PlanRollbackFailed', accept = 'PlanCompleted',
}
-- The move that a plan makes by a write that is still to come, the table asked; nil when it stays as it is.
-- changes: of its counters by name, {RUNNING = -1, PAUSED = 1}, and what else the write does to it (pauses, gives_up,
-- cancels, chunks_done, accepted, retries_done, wave_done, takes_wave_back).
local function foresee(plan_id, changes)
  local f = redis.call('HMGET', K.plan(plan_id), 'status', 'pauseRequested', 'cancelRequested', 'total', 'startedAt',
    'rollbackCursor', 'rollbackGivenUp', COUNT.PENDING, COUNT.RUNNING, COUNT.PAUSED, COUNT.ROLLING_BACK, COUNT.COMPLETED,
    COUNT.FAILED, COUNT.CANCELLED, COUNT.ROLLBACK_FAILED, COUNT.ROLLED_BACK, 'n:rollbackRequested', 'n:accepted',
    'n:skipped', 'retryCursor', 'waveRollback', 'waves')
  local plan = {id = plan_id, status = f[1] or '', total = number_in(plan_id, f[4]) or 0, started_at = WHOLE.is_whole(f[5]) and tonumber(f[5] or WALL) or WALL}
  if PLAN_ENDED[plan.status] then return nil end
  for i, name in ipairs(COUNTED) do
    plan[name] = (number_in(plan_id, f[7 + i]) or 0) + (changes[name] or 0)
    if plan[name] < 0 then WHOLE.damaged(K.plan(plan_id)) end
  end
  plan.open = plan[TASK.PENDING] + plan[TASK.RUNNING] + plan[TASK.PAUSED] + plan[TASK.ROLLING_BACK]
    + plan.rollbackRequested
  -- While a cursor is there the plan counts as open.
  local has_chunks = (f[6] and not changes.chunks_done) or (f[20] and not changes.retries_done)
    or (f[21] and not changes.wave_done) or changes.takes_wave_back
  local stands = plan.status == PLAN.READY or plan.status == PLAN.RUNNING
  local pauses = stands and (f[2] == '1' or changes.pauses) and plan[TASK.RUNNING] == 0
  if plan.open == 0 and not has_chunks then
    if f[22] and f[3] ~= '1' and plan.status ~= PLAN.ROLLING_BACK then ask_kept_open(plan_id) end
    local move = ask_plan(plan, end_trigger(plan, f[3] == '1' or changes.cancels, f[7] == '1' or changes.gives_up))
    -- What becomes of it while its last wave still soaks, or waits for its gate.
    move.meanwhile = pauses and ask_plan(plan, 'pause') or nil
    return move
  end
  return pauses and ask_plan(plan, 'pause') or nil
end

local function add(changes, name, number) changes[name] = (changes[name] or 0) + number end

-- Asks for a task's move, and notes its part in the changes of its plan.
local function ask_noting(task, trigger, changes)
  ask_task(task, trigger)
  add(changes, task.status, -1)
  add(changes, task.to, 1)
  if task.accepted then add(changes, 'accepted', -1) end
  if task.by_policy then
    add(changes, 'takenBack', (TAKEN_BACK[task.to] and 1 or 0) - (TAKEN_BACK[task.status] and 1 or 0))
  end
end

-- What becomes of its plan's waves by the move of one task.
-- @rare
local function ask_waves_of(task, changes)
  if task.goes_back_by_policy then ask_reopened_wave(task) end
  -- A breaker that trips keeps them where they are.
  if task.trip then return end
  changes.waves = {[task.wave] = changes}
  foresee_waves(task.plan, changes)
end

-- Asks for a task's move and for what becomes of its plan by it: settled when the task has been moved.
local function ask_settled(task, trigger, changes)
  changes = changes or {}
  ask_noting(task, trigger, changes)
  local fails = task.to == TASK.FAILED or task.to == TASK.ROLLBACK_FAILED
  task.trip = fails and foresee_trip(task) or nil
  local action = task.trip and task.trip.action
  changes.takes_wave_back = action == 'rollback_wave'
  changes.pauses = changes.pauses or action == 'pause' or action == 'rollback_wave'
  if action == 'rollback_plan' then task.plan_move = ask_plan({id = task.plan, status = task.plan_status}, 'roll_back')
  else task.plan_move = foresee(task.plan, changes) end
  if task.wave then ask_waves_of(task, changes) end
end

-- Of a plan that is COMPLETED though not all its tasks, or not all their stages, are: how many of them.
-- @rare
local function emit_end(move)
  local f = move.to == PLAN.COMPLETED and redis.call('HMGET', K.plan(move.id), 'n:accepted', 'n:skipped') or {}
  local accepted = tonumber(f[1] or 0) + tonumber(f[2] or 0)
  emit_plan(SETTLED[move.trigger], move.id, accepted > 0 and '{"acceptedFailures":' .. accepted .. '}' or nil)
end

-- Makes the move that was foreseen, if any; true when it made one.
local function settle_plan(move)
  if move and PLAN_ENDED[move.to] and wave_keeps_open(move.id) then move = move.meanwhile end
  if not move then return false end
  move_plan(move)
  if move.trigger ~= 'pause' then
    redis.call('HSET', K.plan(move.id), 'endedAt', int(WALL), 'durationMillis', int(passed(move.started_at)))
    if redis.call('HDEL', K.plan(move.id), 'pauseRequested', 'pausedFor', 'tripped') > 0 then forget_vain_ways_back(move.id) end
    redis.call('SREM', K.active(), move.id)
    await_nothing(move.id)
    redis.call('ZADD', K.ended(), NOW, move.id)
  end
  emit_end(move)
  return true
end
