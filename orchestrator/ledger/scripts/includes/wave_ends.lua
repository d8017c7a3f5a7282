-- Whether the tasks of a wave have ended, and what the wave does then. ahead: what a write that is still to come does to
-- the plan; see `foresee_waves`.
-- @include keys
-- @include wave_record
-- @include numbers
-- @include places
-- @include soak
-- @include whole_plan

local OPEN_STATES = {TASK.PENDING, TASK.RUNNING, TASK.PAUSED, TASK.ROLLING_BACK, 'rollbackRequested'}
-- Of those that move, or have: not of who was given up or taken back.
local AT_STAKE = {TASK.PENDING, TASK.RUNNING, TASK.PAUSED, TASK.COMPLETED, TASK.FAILED, TASK.ROLLBACK_FAILED}

-- Of a write that moves several tasks: its changes of the counters of this one's wave.
-- @rare
local function changes_of_wave(changes, task)
  changes.waves[task.wave] = changes.waves[task.wave] or {}
  return changes.waves[task.wave]
end

-- Whether all its tasks have ended, no more have failed than are borne, and nobody has to answer for its way back.
-- @rare
local function has_ended_well(plan_id, wave, ahead)
  if counts_ahead(plan_id, wave, ahead, unpack(OPEN_STATES)) > 0 then return false end
  local part, changes = part_of(wave), ahead and ahead.waves and ahead.waves[wave]
  if not (ahead and ahead.answered) and sent_back(plan_id, part, changes) > 0 then return false end
  return ahead and ahead.accepts or not (is_breached(plan_id, '', ahead) or is_breached(plan_id, part, changes))
end

-- What follows a soak, also one that it does not have: its gate, if it has one.
-- @rare
local function after_soak(plan_id, wave)
  return redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'gate') == 1 and 'ask' or 'finish'
end

-- What follows the end of its last task.
-- @rare
local function after_its_tasks(plan_id, wave, ahead)
  if not has_moved(plan_id, wave, ahead) then return 'finish' end
  local soaks = redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'soak') == 1
  if soaks and counts_ahead(plan_id, wave, ahead, TASK.COMPLETED) > 0 then return 'soak' end
  return after_soak(plan_id, wave)
end

-- What a wave's step goes by, before the write that it comes with.
-- @rare
local function ask_step(plan_id, wave, trigger)
  WHOLE.ask_plan_move(plan_id)
  if trigger == 'begin' then ask_there(plan_id, part_of(wave) .. 'total', 'max') end
  if trigger == 'soak' then ask_soak(plan_id, wave) end
  if trigger == 'finish' then read_part(plan_id, part_of(wave)) end
end

-- The plan was cancelled as a whole, and nobody behind this wave moves or has moved: what it would wait for decides about
-- nobody.
-- @rare
local function lets_nobody_on(plan_id, wave, waves, ahead)
  if wave + 1 >= waves or redis.call('HEXISTS', K.plan(plan_id), 'cancels') == 0 then return false end
  for behind = wave + 1, waves - 1 do
    if counts_ahead(plan_id, behind, ahead, unpack(AT_STAKE)) > 0 then return false end
  end
  return true
end
