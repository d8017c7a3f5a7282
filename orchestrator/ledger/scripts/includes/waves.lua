-- A plan's waves, one after the other (I13): a wave goes on in the write that ends its last task, or that answers what it
-- waits for. The plan's 'wave' is the first that is not done with, whose tasks alone are admitted; 'passed' is how many
-- have been done with once: a task of theirs that is moved again is waited for, their soak and gate are not.
-- @include keys
-- @include wave_record
-- @include event
-- @include clock
-- @include soak
-- @include gate_ask
-- @include wake

local OPEN_STATES = {TASK.PENDING, TASK.RUNNING, TASK.PAUSED, TASK.ROLLING_BACK, 'rollbackRequested'}

local function wave_counts(plan_id, wave, ...)
  local fields = {}
  for i, name in ipairs({...}) do fields[i] = part_of(wave) .. 'n:' .. name end
  local sum = 0
  for _, number in ipairs(redis.call('HMGET', K.plan(plan_id), unpack(fields))) do sum = sum + tonumber(number or 0) end
  return sum
end

local function emit_wave(kind, plan_id, wave, data)
  local name = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'name') or ''
  emit_plan(kind, plan_id, '{"wave":' .. cjson.encode(name) .. (data or '') .. '}')
end

-- @rare
local function begin_wave(plan_id, wave)
  if not move_wave(plan_id, wave, 'begin') then return end
  emit_wave('PlanWaveStarted', plan_id, wave, ',"tenants":' .. redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'total'))
end

-- Whether all its tasks have ended, no more have failed than are borne, and nobody has to answer for its way back.
-- @rare
local function has_ended_well(plan_id, wave)
  if wave_counts(plan_id, wave, unpack(OPEN_STATES)) > 0 or sent_back(plan_id, part_of(wave)) > 0 then return false end
  return not is_breached(plan_id, '') and not is_breached(plan_id, part_of(wave))
end

-- Whether anybody is there to be judged by, taken back or given up since as well: not when nobody has ever begun.
local function has_moved(plan_id, wave)
  return redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'moved') == 1
    or wave_counts(plan_id, wave, TASK.COMPLETED, TASK.FAILED, TASK.ROLLBACK_FAILED, TASK.ROLLED_BACK) > 0
end

-- The one that is not done with is, from now on.
local function pass_wave(plan_id, wave)
  if not move_wave(plan_id, wave, 'finish') then return false end
  emit_wave('PlanWaveCompleted', plan_id, wave, ',"failed":' .. read_part(plan_id, part_of(wave)).failed)
  redis.call('HDEL', K.plan(plan_id), part_of(wave) .. 'sentBack')
  redis.call('HSET', K.plan(plan_id), 'passed', wave + 1)
  return true
end

local function ask_gate(plan_id, wave)
  if not move_wave(plan_id, wave, 'ask') then return end
  emit_wave('PlanGateWaiting', plan_id, wave)
  await_gate(plan_id, wave)
end

-- Its soak is over, or it has none: on to its gate, if it has one. Whether it is passed.
local function leave_soak(plan_id, wave)
  if redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'gate') == 0 then return pass_wave(plan_id, wave) end
  ask_gate(plan_id, wave)
  return false
end

-- The plan goes on although its gate had said no: the gate is asked again.
local function ask_rejected_gate(plan_id)
  local passed = tonumber(redis.call('HGET', K.plan(plan_id), 'passed') or nil)
  if passed and wave_state(plan_id, passed) == WAVE.REJECTED then ask_gate(plan_id, passed) end
end

-- Goes on to what it waits for next, all its tasks having ended; true when it is passed.
-- @rare
local function go_on_with_wave(plan_id, wave)
  local state = wave_state(plan_id, wave)
  if WAVE_DONE[state] then
    -- Should a hand have taken it out there.
    if state == WAVE.SOAKING or (state == WAVE.GATED and read_gate(plan_id, wave)) then
      redis.pcall('ZADD', K.awaited(), 'NX', NOW, plan_id)
    end
    return false
  end
  if not has_moved(plan_id, wave) then return pass_wave(plan_id, wave) end
  local soaks = redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'soak') == 1
  if not soaks or wave_counts(plan_id, wave, TASK.COMPLETED) == 0 then return leave_soak(plan_id, wave) end
  if begin_soak(plan_id, wave) then
    emit_wave('PlanWaveSoaking', plan_id, wave, ',"until":' .. redis.call('HGET', K.plan(plan_id), 'soakUntil'))
  end
  return false
end

-- Brings the plan's waves as far as they may go now.
local function settle_waves(plan_id)
  local plan = K.plan(plan_id)
  local f = redis.call('HMGET', plan, 'waves', 'wave', 'passed', 'status', 'startedAt', 'cancelRequested', 'tripped')
  local waves, wave, passed = waves_in(f[1]), place_of(f[2]), place_of(f[3])
  if not ((f[4] == PLAN.RUNNING or f[4] == PLAN.PAUSED) and f[5] and f[6] ~= '1' and not f[7] and wave and passed) then return end
  local first = wave
  while wave < waves do
    if wave == passed then begin_wave(plan_id, wave) end
    if not has_ended_well(plan_id, wave) then break end
    if wave == passed then
      if not go_on_with_wave(plan_id, wave) then break end
      passed = passed + 1
    end
    wave = wave + 1
  end
  if wave == first then return end
  redis.call('HSET', plan, 'wave', wave)
  wake_plan(plan_id)
end
