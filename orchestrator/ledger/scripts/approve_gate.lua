-- Lets a plan go on behind a wave whose gate it waits for, also one that this gate alone has paused.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant}
--       (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 name of the wave, '' for the one that waits
--       7 of an HTTP gate's own answer: the number of the question
-- CODES ACCEPTED, status, '', next or last (what is behind it) and the wave up to it that comes first |
--       NOOP, status, why | REFUSED, status, why, wave | MISSING | REPEATED, the first answer to this request id |
--       BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanResumed PlanCompleted PlanFailed PlanCancelled PlanRolledBack
--       PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting PlanGateApproved
-- @include keys
-- @include gate
-- @include request
-- @include plan_end
-- @include pause
-- @include plan_resume
-- @include breach_answer

local plan_id, actor, reason, name = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'cancelRequested', 'pauseRequested', 'retryCursor')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] ~= PLAN.PAUSED and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[2] == '1' then return {'REFUSED', f[1], 'cancel-requested'} end
local wave, why = find_gate(plan_id, name, ARGV[7])
if not wave then return {why == 'approved' and 'NOOP' or 'REFUSED', f[1], why, name} end
if ARGV[7] and gate_time_left(plan_id) <= 0 then return {'REFUSED', f[1], 'gate-overdue', name} end
-- Nobody knows yet who of the wave is moved again.
if f[4] then return {'REFUSED', f[1], 'retrying-first'} end
local plan_move = foresee(plan_id, {})
local goes_on = f[3] == '1' and pausing_gate(plan_id) and not why_not_on(plan_id)
local asked = goes_on and ask_plan_resume(plan_id, f[1])
foresee_waves(plan_id, {takes = 'finish', answered = goes_on})
emit_gate('PlanGateApproved', plan_id, wave, actor, reason)
take_wave_on(plan_id, wave, 'finish')
settle_waves(plan_id)
local ends = plan_move and PLAN_ENDED[plan_move.to] and not wave_keeps_open(plan_id)
if goes_on and not ends then
  resume_plan(plan_id, asked, actor, reason, false)
  settle_waves(plan_id)
else
  settle_plan(plan_move)
end
-- A gate's own answer is no order.
if (ARGV[7] or '') == '' then keep_last(plan, 'approve', actor, reason) end
wake_plan(plan_id)
local now = redis.call('HMGET', plan, 'status', 'waves', 'wave')
local at = place_of(now[3])
-- One that is moved again comes before all that is behind it.
local first = at and at <= wave and redis.call('HGET', plan, part_of(at) .. 'name') or ''
return {'ACCEPTED', now[1], '', (wave + 1 < waves_in(now[2]) and 'next ' or 'last ') .. first}
