-- Accepts a task's failure: it does not count any more, neither for its breakers nor for its plan's end.
-- @include keys
-- @include task
-- @include operation
-- @include numbers
-- @include wave_record
-- @include plan_end

-- Why it cannot be, or is already; nil when it can.
local function why_not_accepted(task)
  if task.accepted then return 'accepted' end
  if not FAILURES[task.status] then return 'not-failed' end
  return task.rollback and 'rollback-requested' or nil
end

-- The moves of a plan that has ended, by the acceptance of so many failures: with all of them it is COMPLETED, unless its
-- last wave has still to soak, or to ask its gate. Then it runs again for that.
local function ask_accepted_plan(plan_id, status, number)
  if status ~= PLAN.FAILED then return nil end
  local f = numbers_of(plan_id, 'total', COUNT.COMPLETED, 'n:accepted', 'waves')
  local plan = {id = plan_id, status = status, total = f[1], accepted = (f[3] or 0) + number}
  plan[TASK.COMPLETED] = f[2] or 0
  if plan[TASK.COMPLETED] + plan.accepted ~= plan.total then return nil end
  if f[4] then ask_kept_open(plan_id) end
  return {ends = ask_plan(plan, 'accept'), goes_on = ask_plan(plan, 'reopen')}
end

-- The same, with what becomes of its waves.
local function ask_acceptance(plan_id, status, tasks)
  local moves, changes = ask_accepted_plan(plan_id, status, #tasks), {accepted = #tasks, waves = {}}
  for _, task in ipairs(tasks) do
    ask_counts(task)
    if task.wave then add(changes_of_wave(changes, task), 'accepted', 1) end
  end
  changes.runs = moves and true
  local steps = foresee_waves(plan_id, changes)
  if moves then moves.waves = steps end
  return moves
end

local function accept_failure(task, actor, reason)
  redis.call('HSET', K.task(task.id), 'accepted', 1)
  count_accepted(task, 1)
  task.accepted = true
  emit_task('TaskFailureAccepted', task, '{"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason) .. '}')
end

-- What it makes of its plan. The status that it has then.
local function settle_acceptance(plan_id, status, moves)
  if moves and not moves.waves.waits then
    -- The wave that had breached its breaker is done with, too.
    settle_waves(plan_id, moves.waves)
    move_plan(moves.ends)
    emit_end(moves.ends)
    return moves.ends.to
  end
  if moves then reopen_plan(moves.goes_on) end
  if moves or not PLAN_ENDED[status] then
    settle_waves(plan_id)
    wake_plan(plan_id)
  end
  return moves and moves.goes_on.to or status
end
