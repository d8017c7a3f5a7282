-- Asks a whole plan to pause, in O(1): admission stops now, running tasks stop at their boundary.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, awaited, lined (zsets), active (set), feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
-- @include keys
-- @include operation
-- @include pause
-- @include request

local plan_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'pauseRequested', 'cancelRequested')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
-- What only a gate has stopped goes on when that is approved: from now on not before a resume.
local anew = f[2] == '1' and pausing_gate(plan_id)
if f[1] == PLAN.PAUSED and not anew then return {'NOOP', f[1], 'paused'} end
if f[1] ~= PLAN.PAUSED and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[3] == '1' then return {'REFUSED', f[1], 'cancel-requested'} end
if f[2] == '1' and not anew then return {'NOOP', f[1], 'pausing'} end
local move = foresee(plan_id, {pauses = true})
-- It is paused already, by its gate alone: nothing else will tell that it is.
emit_operation('pause', plan_id, nil, actor, reason, f[1] == PLAN.PAUSED and '{"atOnce":true}' or nil)
redis.call('HSET', plan, 'pauseRequested', 1)
settle_plan(move)
return {'ACCEPTED', redis.call('HGET', plan, 'status')}
