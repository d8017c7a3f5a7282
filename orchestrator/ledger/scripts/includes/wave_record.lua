-- The record of a plan's waves, kept with the plan: state of each, and how many of its tasks are in each state.
-- @include keys
-- @include transitions
-- @include refuse
-- @include numbers
-- @include places

-- How many of a wave's tasks (of the plan's, if it is nil) are in these states.
local function wave_counts(plan_id, wave, ...)
  local fields = {}
  for i, name in ipairs({...}) do fields[i] = part_of(wave) .. 'n:' .. name end
  local sum = 0
  for _, number in ipairs(numbers_of(plan_id, unpack(fields))) do sum = sum + (number or 0) end
  return sum
end

-- The same once a write is done that is still to come. ahead: what it does; see `foresee_waves`.
-- @rare
local function counts_ahead(plan_id, wave, ahead, ...)
  local sum, changes = wave_counts(plan_id, wave, ...), ahead and ahead.waves and ahead.waves[wave]
  if changes then
    for _, name in ipairs({...}) do sum = sum + (changes[name] or 0) end
  end
  return sum
end

-- Whether anybody is there to be judged by, taken back or given up since as well: not when nobody has ever begun.
local function has_moved(plan_id, wave, ahead)
  return redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'moved') == 1
    or counts_ahead(plan_id, wave, ahead, TASK.COMPLETED, TASK.FAILED, TASK.ROLLBACK_FAILED, TASK.ROLLED_BACK) > 0
end

-- When something is due that a wave waits for. What a hand has damaged there stops no plan; its turns put it right.
local function await(plan_id, at_ms) redis.pcall('ZADD', K.awaited(), at_ms, plan_id) end
local function await_nothing(plan_id) redis.pcall('ZREM', K.awaited(), plan_id) end

-- Counts a task into a state of its plan and of its wave, or out of it. One whose counts were not asked for is a mistake in the
-- script.
local function count_task(task, name, by)
  assert(ASKED.counts[task.plan .. ' ' .. (task.wave or '')], 'the counts were not asked for')
  redis.call('HINCRBY', K.plan(task.plan), 'n:' .. name, by)
  if task.wave then redis.call('HINCRBY', K.plan(task.plan), part_of(task.wave) .. 'n:' .. name, by) end
end

-- Counts a task into the accepted failures, or out of them while its state is still that of the failure. A retry of its
-- plan asks how many failed forwards, which a failed way back did not.
-- @rare
local function count_accepted(task, by)
  count_task(task, 'accepted', by)
  if task.status == TASK.FAILED then count_task(task, 'acceptedFailed', by) end
end

-- @rare
local function wave_state(plan_id, wave)
  return redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'state') or WAVE.PENDING
end

-- The state that the table leads to; state: where the wave will be by then, if it is not there yet.
-- @rare
local function ask_wave_move(plan_id, wave, trigger, state)
  state = state or wave_state(plan_id, wave)
  local to = wave_row(state, trigger)
  if to then return to end
  local name = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'name') or ''
  refuse('wave', name .. ' of plan ' .. plan_id, state, trigger)
end

-- The table has been asked.
-- @rare
local function move_wave(plan_id, wave, trigger)
  redis.call('HSET', K.plan(plan_id), part_of(wave) .. 'state', ask_wave_move(plan_id, wave, trigger))
end

-- What was waited for once all had ended is waited for again when they have the next time. Only a wave that waits can be
-- stopped: one that does not is left as it is, and the table is not asked.
-- @rare
local function waits_for_more(plan_id, wave) return WAVE_DONE[wave_state(plan_id, wave)] end

-- @rare
local function ask_stop(plan_id, wave)
  if wave and waits_for_more(plan_id, wave) then ask_wave_move(plan_id, wave, 'stop') end
end

-- @rare
local function stop_waiting_of_wave(plan_id, wave)
  if not waits_for_more(plan_id, wave) then return end
  move_wave(plan_id, wave, 'stop')
  await_nothing(plan_id)
end
