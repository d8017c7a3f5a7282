-- Rejects the gate that a wave waits for: the plan is paused, until the gate is approved after all; a resume asks it again.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, awaited, lined (zsets), active (set), feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 name of the wave, '' for the one that waits
--       7 of an HTTP gate's own answer: the number of the question
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why, wave | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
--       PlanGateRejected
-- @include keys
-- @include gate
-- @include request
-- @include plan_end

local plan_id, actor, reason, name = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'cancelRequested', 'pauseRequested')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] ~= PLAN.PAUSED and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[2] == '1' then return {'REFUSED', f[1], 'cancel-requested'} end
local wave, why = find_gate(plan_id, name, ARGV[7])
if not wave then return {'REFUSED', f[1], why == 'approved' and 'gate-approved' or why, name} end
if why == WAVE.REJECTED then return {'NOOP', f[1], 'gate-rejected'} end
local plan_move = foresee(plan_id, {pauses = true})
ask_wave_move(plan_id, wave, 'reject')
emit_gate('PlanGateRejected', plan_id, wave, actor, reason)
move_wave(plan_id, wave, 'reject')
-- Told as long as it is rejected, whoever pauses the plan besides.
redis.call('HSET', plan, 'gateRejectedBy', actor, 'gateRejectedFor', reason)
if f[3] ~= '1' then
  local gate = redis.call('HGET', plan, part_of(wave) .. 'name') or ''
  emit_operation('pause', plan_id, nil, actor, reason, '{"gate":' .. cjson.encode(gate) .. '}')
  redis.call('HSET', plan, 'pauseRequested', 1)
end
if (ARGV[7] or '') == '' then keep_last(plan, 'reject', actor, reason) end
settle_plan(plan_move)
return {'ACCEPTED', redis.call('HGET', plan, 'status')}
