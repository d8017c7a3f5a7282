-- Retries the next failed tasks of a plan whose retry was asked for. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant}
--       (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most failed tasks to look at
-- CODES MORE | DONE | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
-- @include keys
-- @include retry_failed

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'status', 'retryCursor', 'retryAsked')
if not f[2] then return {'DONE'} end
-- It counts as open meanwhile. One that has ended all the same was ended by a process that does not know of this.
if PLAN_ENDED[f[1]] then
  redis.call('HDEL', plan, 'retryCursor')
  return {'DONE'}
end
local asked = cjson.decode(f[3])
asked.override = asked.override or ''
local found = failed_from(plan_id, tonumber(f[2]), limit, asked)
local is_last = found.next == found.total
found.changes.retries_done = is_last
local plan_move = foresee(plan_id, found.changes)

if is_last then redis.call('HDEL', plan, 'retryCursor') else redis.call('HSET', plan, 'retryCursor', found.next) end
retry_found(plan_id, found, asked)
note_retried(plan_id, found)
settle_plan(plan_move)
return {is_last and 'DONE' or 'MORE'}
