-- Asks the one table where a task or a plan goes, and whether what that writes to is sound. Every verb asks before its
-- first write. A pair that is not in the table, or whose guard does not hold, is a fault of ours or a hand in the data: it ends the verb right here, as
-- BAD_MOVE. The assembler makes the body of each verb a function and answers with `answer_of`.
-- @include keys
-- @include transitions
-- @include refuse
-- @include event
-- @include guards
-- @include sound
-- @include numbers
-- @include wave_record
-- @include reopened_wave
-- @include sent_back
-- @include whole
-- @include whole_plan

local BAD_MOVES = {}

-- Its move is counted in its wave, too, and may open it again.
-- @rare
local function ask_wave(task)
  local part = part_of(task.wave) .. 'n:'
  local f = numbers_of(task.plan, part .. task.status, part .. task.to)
  if (f[1] or 0) < 1 then WHOLE.damaged(K.plan(task.plan)) end
  if TASK_ENDED[task.status] and not TASK_ENDED[task.to] then ask_reopened_wave(task) end
end

-- The task's next state, kept for move_task.
local function ask_task(task, trigger)
  WHOLE.ask_around(task, trigger)
  local to, guard = task_row(task.status, trigger)
  if not to or (guard ~= 'none' and not TASK_GUARDS[guard](task)) then refuse('task', task.id, task.status, trigger) end
  -- Of a count that is lost a plan would end over a task that is open.
  if task.counted and task.counted < 1 then WHOLE.damaged(K.plan(task.plan)) end
  task.to = to
  ask_counts(task)
  if task.wave then ask_wave(task) end
end

-- The move of a plan, for move_plan.
-- @rare
local function ask_plan(plan, trigger)
  WHOLE.ask_plan_move(plan.id)
  local to, guard = plan_row(plan.status, trigger)
  if not to or (guard ~= 'none' and not PLAN_GUARDS[guard](plan)) then refuse('plan', plan.id, plan.status, trigger) end
  if trigger == 'reopen' then ask_stop(plan.id, tonumber(redis.call('HGET', K.plan(plan.id), 'passed') or nil)) end
  return {id = plan.id, trigger = trigger, to = to, started_at = plan.started_at}
end

local FAILURES = {[TASK.FAILED] = true, [TASK.ROLLBACK_FAILED] = true}
local TAKEN_BACK = {[TASK.ROLLING_BACK] = true, [TASK.ROLLED_BACK] = true}

-- A failure that was accepted is none any more once its task goes on; one whose task goes back by policy counts until
-- it is moved again: else a breaker would forget what it is there for.
local function count_failure(task, to)
  if task.accepted then
    redis.call('HDEL', K.task(task.id), 'accepted')
    count_accepted(task, -1)
    task.accepted = false
  end
  if task.record.skipped then
    local by = (FAILURES[task.status] and 1 or 0) - (FAILURES[to] and 1 or 0)
    if by ~= 0 then count_task(task, 'skipped', by) end
  end
  if to == TASK.PENDING then unmark_sent_back(task) end
  if not task.by_policy then return end
  local by = (TAKEN_BACK[to] and 1 or 0) - (TAKEN_BACK[task.status] and 1 or 0)
  if by ~= 0 then count_task(task, 'takenBack', by) end
  if to == TASK.PENDING then
    redis.call('HDEL', K.task(task.id), 'policyBack')
    task.by_policy = false
  end
end

-- Makes the move that was asked for. One that was not is a mistake in the script.
local function move_task(task)
  local to = assert(task.to, 'the table was not asked')
  redis.call('HSET', K.task(task.id), 'status', to)
  count_task(task, task.status, -1)
  count_task(task, to, 1)
  count_failure(task, to)
  if TASK_ENDED[task.status] and not TASK_ENDED[to] then reopen_wave(task) end
  task.status, task.to, task.counted = to, nil, nil
end

-- It has started with the first move that lets it act, whichever that is: a plan may end, and be reopened, before its
-- coordinator has looked at it.
-- @rare
local function move_plan(move)
  redis.call('HSET', K.plan(move.id), 'status', move.to)
  if move.to == PLAN.RUNNING or move.to == PLAN.ROLLING_BACK then
    redis.call('HSETNX', K.plan(move.id), 'startedAt', int(WALL))
  end
end

-- The work of one of several tasks, which must ask before it writes: what the table refuses, or fails because a hand has
-- damaged a record, stops nobody else. Whether it was done, and what it answered.
local function apart(work, ...)
  local done, answer = pcall(work, ...)
  if done then return true, answer end
  local bad_move, task = type(answer) == 'table' and answer.bad_move, ...
  if not bad_move and type(task) == 'table' and task.id then
    local text = fault_text(answer)
    if not is_refusal(text) then bad_move = {'task', task.id, task.status, text} end
  end
  if not bad_move then error(answer, 0) end
  BAD_MOVES[#BAD_MOVES + 1] = bad_move
  return false
end

-- The verb's answer; with bad moves {'BAD_MOVE', list of {kind, id, status, trigger}, the answer if there is one}.
local function answer_of(verb)
  local _, answer = apart(verb)
  if #BAD_MOVES == 0 then return answer end
  return {'BAD_MOVE', BAD_MOVES, answer}
end
