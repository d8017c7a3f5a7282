-- The record of a plan's waves, kept with the plan: state of each, and how many of its tasks are in each state.
-- @include keys
-- @include transitions
-- @include places

-- When something is due that a wave waits for. What a hand has damaged there stops no plan; its turns put it right.
local function await(plan_id, at_ms) redis.pcall('ZADD', K.awaited(), at_ms, plan_id) end
local function await_nothing(plan_id) redis.pcall('ZREM', K.awaited(), plan_id) end

-- Counts a task into a state of its plan and of its wave, or out of it.
local function count_task(task, name, by)
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

-- Whether it moved: the table has the pair.
-- @rare
local function move_wave(plan_id, wave, trigger)
  local to = wave_row(wave_state(plan_id, wave), trigger)
  if to then redis.call('HSET', K.plan(plan_id), part_of(wave) .. 'state', to) end
  return to ~= nil
end

-- What was waited for once all had ended is waited for again when they have the next time.
-- @rare
local function stop_waiting_of_wave(plan_id, wave)
  if WAVE_DONE[wave_state(plan_id, wave)] and move_wave(plan_id, wave, 'stop') then
    await_nothing(plan_id)
  end
end

-- A task that had ended runs again, or is to go back: its wave has not ended any more, and later ones wait for it. What
-- runs of them goes on.
-- @rare
local function reopen_wave(task)
  if not task.wave then return end
  local plan = K.plan(task.plan)
  local f = redis.call('HMGET', plan, 'wave', 'passed')
  if task.wave < tonumber(f[1] or 0) then redis.call('HSET', plan, 'wave', task.wave) end
  if task.wave == tonumber(f[2] or 0) then stop_waiting_of_wave(task.plan, task.wave) end
end
