-- A plan's waves, one after the other (I13): a wave goes on in the write that ends its last task, or that answers what it
-- waits for. The plan's 'wave' is the first that is not done with, whose tasks alone are admitted; 'passed' is how many
-- have been done with once: a task of theirs that is moved again is waited for, their soak and gate are not.
-- @include keys
-- @include numbers
-- @include wave_record
-- @include wave_ends
-- @include event
-- @include clock
-- @include soak
-- @include gate_ask
-- @include move
-- @include wake

local function emit_wave(kind, plan_id, wave, data)
  local name = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'name') or ''
  emit_plan(kind, plan_id, '{"wave":' .. cjson.encode(name) .. (data or '') .. '}')
end

-- What a wave does by each trigger that takes it further.
local WAVE_GOES = {}

function WAVE_GOES.begin(plan_id, wave)
  local total = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'total')
  emit_wave('PlanWaveStarted', plan_id, wave, ',"tenants":' .. total)
end

function WAVE_GOES.soak(plan_id, wave)
  begin_soak(plan_id, wave)
  emit_wave('PlanWaveSoaking', plan_id, wave, ',"until":' .. redis.call('HGET', K.plan(plan_id), 'soakUntil'))
end

function WAVE_GOES.ask(plan_id, wave)
  emit_wave('PlanGateWaiting', plan_id, wave)
  await_gate(plan_id, wave)
end

-- The one that is not done with is, from now on.
function WAVE_GOES.finish(plan_id, wave)
  emit_wave('PlanWaveCompleted', plan_id, wave, ',"failed":' .. math.max(read_part(plan_id, part_of(wave)).failed, 0))
  redis.call('HDEL', K.plan(plan_id), part_of(wave) .. 'sentBack')
  repeat wave = wave + 1 until wave_state(plan_id, wave) ~= WAVE.PASSED
  redis.call('HSET', K.plan(plan_id), 'passed', wave)
end

-- The table has been asked.
-- @rare
local function take_wave_on(plan_id, wave, trigger)
  move_wave(plan_id, wave, trigger)
  WAVE_GOES[trigger](plan_id, wave)
end

-- The wave whose gate had said no, as long as nobody has said otherwise.
local function rejected_wave(plan_id)
  local passed = tonumber(redis.call('HGET', K.plan(plan_id), 'passed') or nil)
  return passed and wave_state(plan_id, passed) == WAVE.REJECTED and passed or nil
end

-- How far the plan's waves go, the table asked: a list of {wave, trigger}, and the first that is not done with then.
-- ahead: what a write that is still to come does to the plan: of its counters, and of those of its waves (waves), by name;
-- runs: the plan does; takes: what the first that has not passed does by itself; answered: no breaker stops it any more;
-- accepts: what has failed is borne.
-- @rare
local function foresee_waves(plan_id, ahead)
  ahead = ahead or {}
  local f = redis.call('HMGET', K.plan(plan_id), 'waves', 'wave', 'passed', 'status', 'startedAt', 'cancelRequested', 'tripped',
    'retryCursor')
  local waves, wave, passed = waves_in(f[1]), place_of(f[2]), place_of(f[3])
  local steps = {}
  if not (wave and passed) then return steps end
  local state = wave_state(plan_id, passed)

  local function take(trigger)
    state = ask_wave_move(plan_id, passed, trigger, state)
    ask_step(plan_id, passed, trigger)
    steps[#steps + 1] = {passed, trigger}
    if trigger ~= 'finish' then return end
    repeat passed, state = passed + 1, wave_state(plan_id, passed + 1) until state ~= WAVE.PASSED
  end

  if ahead.takes then take(ahead.takes) end
  local runs = ahead.runs or ((f[4] == PLAN.RUNNING or f[4] == PLAN.PAUSED) and f[5])
  if not runs or f[6] == '1' or (f[7] and not ahead.answered) then return steps end
  -- While a retry of many is under way nobody knows yet who is moved again.
  if f[8] and not ahead.retries_done then return steps end
  local first = wave
  while wave < waves do
    if wave == passed and state == WAVE.PENDING then take('begin') end
    if not has_ended_well(plan_id, wave, ahead) then break end
    if wave == passed then
      steps.waits = WAVE_DONE[state] and state
      if steps.waits or lets_nobody_on(plan_id, wave, waves, ahead) then break end
      take(after_its_tasks(plan_id, wave, ahead))
      if wave == passed then
        steps.waits = state
        break
      end
    end
    wave = wave + 1
  end
  steps.passed, steps.open = passed, wave ~= first and wave or nil
  return steps
end

-- Brings the plan's waves as far as they may go now. steps: what was foreseen, where nothing has changed since.
local function settle_waves(plan_id, steps)
  steps = steps or foresee_waves(plan_id)
  for _, step in ipairs(steps) do take_wave_on(plan_id, step[1], step[2]) end
  -- Should a hand have taken it out there.
  if steps.waits == WAVE.SOAKING or (steps.waits == WAVE.GATED and read_gate(plan_id, steps.passed)) then
    redis.pcall('ZADD', K.awaited(), 'NX', NOW, plan_id)
  end
  if not steps.open then return end
  redis.call('HSET', K.plan(plan_id), 'wave', steps.open)
  wake_plan(plan_id)
end
