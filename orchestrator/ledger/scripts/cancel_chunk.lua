-- Cancels the next waiting or paused tasks of a cancelled plan. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to look at
-- CODES MORE | DONE | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskCancelled TaskRetryCompleted
-- @include keys
-- @include boundary
-- @include numbers

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'cancelRequested', 'cancelCursor', 'total', 'cancelledBy')
if f[1] ~= '1' or not f[2] then return {'DONE'} end
-- Where a hand has changed it: from the beginning, which does no harm.
local first, total = place_of(f[2]) or 0, total_in(plan_id, f[3])
local last = math.min(first + limit, total) - 1
local waiting, changes = {}, {}
for position = first, last do
  local task = read_task(task_id_of(plan_id, position))
  local waits = task and (task.status == TASK.PENDING or task.status == TASK.PAUSED)
  if waits and not task.rollback and apart(ask_noting, task, 'cancel', changes) then waiting[#waiting + 1] = task end
end
local plan_move = foresee(plan_id, changes)

redis.call('HSET', plan, 'cancelCursor', last + 1)
if last + 1 == total then redis.call('HDEL', plan, 'cancelCursor') end
for _, task in ipairs(waiting) do cancel_task(task, f[4]) end
settle_plan(plan_move)
return {last + 1 < total and 'MORE' or 'DONE'}
