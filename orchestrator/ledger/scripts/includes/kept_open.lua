-- What keeps a plan open whose tasks have all ended.
-- @include keys
-- @include numbers
-- @include waves

-- What it waits for when all its tasks have ended: looks at those that completed, or its gate.
-- @rare
local function soaks_or_asks(plan_id, wave)
  local f = redis.call('HMGET', K.plan(plan_id), part_of(wave) .. 'gate', part_of(wave) .. 'soak')
  return f[1] or (f[2] and wave_counts(plan_id, wave, TASK.COMPLETED) > 0)
end

-- All that the answer goes by, before the write that asks for it.
-- @rare
local function ask_kept_open(plan_id)
  local f = numbers_of(plan_id, 'waves', 'wave', 'passed')
  read_part(plan_id, '')
  for wave = f[2] or 0, math.min(f[1] or 0, MOST_WAVES) - 1 do
    read_part(plan_id, part_of(wave))
    sent_back(plan_id, part_of(wave))
    wave_counts(plan_id, wave, unpack(OPEN_STATES))
    wave_counts(plan_id, wave, unpack(AT_STAKE))
  end
end

-- Whether a wave whose tasks have all ended keeps its plan open: by what it waits for, or has to once a breaker is answered
-- that had tripped, though no more have failed than are borne any more.
-- @rare
local function wave_keeps_open(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'waves', 'wave', 'passed', 'status', 'cancelRequested')
  local waves, wave, passed = waves_in(f[1]), place_of(f[2]), place_of(f[3])
  if not (wave and passed) or passed >= waves or f[4] == PLAN.ROLLING_BACK or f[5] == '1' then return false end
  if lets_nobody_on(plan_id, passed, waves) then return false end
  if WAVE_DONE[wave_state(plan_id, passed)] then return true end
  for one = wave, passed do
    if not has_ended_well(plan_id, one) then return false end
  end
  return has_moved(plan_id, passed) and soaks_or_asks(plan_id, passed) and true or false
end
