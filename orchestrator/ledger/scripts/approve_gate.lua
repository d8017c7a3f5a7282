-- Lets a plan go on behind a wave whose gate it waits for.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan} (hashes), seq, epoch,
--       request:{request} (strings), ended, ready, freeze-times, thawing, awaited, lined (zsets), active (set), inbox,
--       feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 name of the wave, '' for the one that waits
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why, wave | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed PlanWaveStarted
--       PlanWaveSoaking PlanWaveCompleted PlanGateWaiting PlanGateApproved
-- @include keys
-- @include gate
-- @include request
-- @include plan_end

local plan_id, actor, reason, name = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'cancelRequested')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] ~= PLAN.PAUSED and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[2] == '1' then return {'REFUSED', f[1], 'cancel-requested'} end
local wave, why = find_gate(plan_id, name)
if not wave then return {why == 'approved' and 'NOOP' or 'REFUSED', f[1], why, name} end
local plan_move = foresee(plan_id, {})
emit_gate('PlanGateApproved', plan_id, wave, actor, reason)
pass_wave(plan_id, wave)
settle_waves(plan_id)
settle_plan(plan_move)
wake_plan(plan_id)
return {'ACCEPTED', redis.call('HGET', plan, 'status')}
