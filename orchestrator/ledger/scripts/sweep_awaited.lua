-- Hands out what a wave that waits is due for: the next looks of a soak, or the question to an HTTP gate. Harmless in
-- parallel; what nobody answers is handed out again.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch (strings), ended, ready, leases-queued, leases-running, deadlines, freeze-times, thawing,
--       awaited, lined (zsets), active (set), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 the most tasks to look at
-- CODES NONE (nothing is due) | LOOKS, then a list of {task, tenant, look} | GATE, plan, wave, question |
--       SWEPT (nothing to hand out) | BAD_MOVE
-- EVENTS PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed PlanWaveStarted
--       PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
-- @include keys
-- @include soak
-- @include soak_end
-- @include gate_ask
-- @include waves
-- @include plan_end
-- @include numbers
-- @include sound
-- @include whole_plan

local limit = tonumber(ARGV[1])

-- The next tenants of the round that have not been answered.
local function hand_out(plan_id, wave, soak)
  local plan, rows = K.plan(plan_id), {}
  local f = redis.call('HMGET', plan, part_of(wave) .. 'first', part_of(wave) .. 'last')
  local from, upto = soak.cursor or place_of(f[1]) or 0, place_of(f[2]) or 0
  local last = math.min(from + limit - 1, upto)
  for position = from, last do
    local task_id = task_id_of(plan_id, position)
    local t = redis.pcall('HMGET', K.task(task_id), 'status', 'wave', 'tenant', 'looked')
    if t[1] == TASK.COMPLETED and tonumber(t[2] or nil) == wave and (tonumber(t[4] or 0) or 0) < soak.look then
      rows[#rows + 1] = {task_id, t[3], soak.look}
    end
  end
  if last < upto then
    redis.call('HSET', plan, 'soakCursor', last + 1)
    await(plan_id, NOW)
  else
    local again = count_on(plan, 'soakAgain', 1)
    redis.call('HDEL', plan, 'soakCursor')
    await(plan_id, NOW + math.min(FIRST_AGAIN_MS * 2 ^ math.min(again - 1, 10), LONGEST_AGAIN_MS))
  end
  return {'LOOKS', rows}
end

local function soak_on(plan_id, wave)
  WHOLE.ask_plan_events(plan_id)
  local soak = soak_numbers(plan_id)
  if not soak.cursor and soak.left <= 0 then
    local asked = only_waits(plan_id, wave) and 0 or wave_counts(plan_id, wave, TASK.COMPLETED)
    if asked == 0 then
      local move = foresee(plan_id, {})
      ask_end_of_round(plan_id, wave, soak)
      next_look(plan_id, soak, 0)
      if end_round(plan_id, wave) then
        settle_waves(plan_id)
        settle_plan(move)
      end
      return {'SWEPT'}
    end
    next_look(plan_id, soak, asked)
  end
  return hand_out(plan_id, wave, soak)
end

local plan_id = redis.call('ZRANGEBYSCORE', K.awaited(), '-inf', NOW, 'LIMIT', 0, 1)[1]
if not plan_id then return {'NONE'} end
local f = redis.pcall('HMGET', K.plan(plan_id), 'passed', 'status', 'cancelRequested')
local wave = tonumber(f[1] or nil)
local is_on = wave and not f.err and f[3] ~= '1' and (f[2] == PLAN.RUNNING or f[2] == PLAN.PAUSED)
local state = is_on and wave_state(plan_id, wave)
local goes_on = state == WAVE.SOAKING and soak_on or state == WAVE.GATED and ask_http_gate
if goes_on then
  local answer = sound(goes_on, plan_id, wave)
  if answer then return answer end
  -- One that is damaged lets the others by (I19).
  await(plan_id, NOW + LONGEST_UNANSWERED_MS)
  return {'SWEPT'}
end
await_nothing(plan_id)
return {'SWEPT'}
