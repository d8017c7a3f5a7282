-- Gives a plan up, in O(1): from now on nothing is admitted; coordinators then cancel what waits, in chunks. One that has
-- no open task, and was kept open by a soak, a gate or what a breaker takes back, is CANCELLED at once.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, awaited, lined (zsets), active (set), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
-- @include keys
-- @include operation
-- @include request
-- @include sound

local plan_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'cancelRequested', 'planSeq')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if not WHOLE.is_whole(f[3]) then return {'REFUSED', f[1], 'damaged'} end
if f[1] == PLAN.CANCELLED then return {'NOOP', f[1], 'cancelled'} end
if not plan_row(f[1], 'cancel') then return {'REFUSED', f[1], 'state'} end
if f[2] == '1' then return {'NOOP', f[1], 'cancelling'} end
-- What a hand has made of its counters keeps nobody from giving it up.
local move = sound(foresee, plan_id, {cancels = true, retries_done = true, wave_done = true})
if move and not PLAN_ENDED[move.to] then move = nil end
emit_operation('cancel', plan_id, nil, actor, reason)
redis.call('HSET', plan, 'cancelRequested', 1, 'cancelledBy', actor, 'cancelCursor', 0)
redis.call('HDEL', plan, 'retryCursor', 'waveRollback', 'waveRollbackNext')
if not move then
  wake_plan(plan_id)
  return {'ACCEPTED', f[1]}
end
redis.call('HDEL', plan, 'cancelCursor')
settle_plan(move)
return {'ACCEPTED', move.to}
