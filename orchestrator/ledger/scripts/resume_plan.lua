-- Lets a paused (or pausing) plan go on: re-queues the tasks that the plan had paused, and only those; very many are
-- left to resume_chunk, and no move is admitted before they are queued.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant}
--       (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
--       6 1 when what has failed so far is borne
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanResumed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
-- @include keys
-- @include plan_resume
-- @include request
-- @include breach_answer
-- @include waves

local plan_id, actor, reason, accepts = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1'

local f = read_plan(plan_id, 'status', 'pauseRequested', 'cancelRequested')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
local answers = accepts and (first_breach(plan_id) or first_sent_back(plan_id))
if f[2] ~= '1' and not answers then
  local goes_on = f[1] == PLAN.RUNNING or f[1] == PLAN.READY
  return {goes_on and 'NOOP' or 'REFUSED', f[1], goes_on and 'running' or 'state'}
end
if f[1] ~= PLAN.PAUSED and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[3] == '1' then return {'REFUSED', f[1], 'cancel-requested'} end
local why, what = why_not_on(plan_id)
if why and (why == 'takes-wave-back' or not accepts) then return {'REFUSED', f[1], why, what} end
local asked, rejected = ask_plan_resume(plan_id, f[1]), rejected_wave(plan_id)
foresee_waves(plan_id, {takes = rejected and 'ask', runs = asked.move and true, answered = true, accepts = accepts})
resume_plan(plan_id, asked, actor, reason, accepts)
if accepts then accept_failures(plan_id) end
if rejected then take_wave_on(plan_id, rejected, 'ask') end
settle_waves(plan_id)
wake_plan(plan_id)
return {'ACCEPTED', redis.call('HGET', K.plan(plan_id), 'status')}
