-- Records what a look at a tenant saw. One that was not there in two looks in a row, an interval apart, has failed; with the
-- last answer of a round the soak goes on, or is over.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task} (strings), ended, ready, leases-queued, leases-running,
--       deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active,
--       slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 look  3 1 when it was there  4 FailureInfo as JSON when it was not
-- CODES SEEN | UNHEALTHY | STALE (a copy, or nobody asks any more) | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskSoakFailed
-- @include keys
-- @include look
-- @include soak_end
-- @include tenant_history
-- @include whole_plan

local task_id, look, failure = ARGV[1], tonumber(ARGV[2]), ARGV[4]

local task = read_task(task_id)
if not task or not is_looked_for(task, look) then return {'STALE'} end
local plan, key = K.plan(task.plan), K.task(task_id)
-- A tenant that another task has or moves says nothing of this one's move.
local is_ours = not moved_since_by(task) and redis.call('HEXISTS', K.tenant(task.tenant), 'holder') == 0
local absent = ARGV[3] ~= '1' and is_ours
local f = redis.call('HMGET', key, 'absentAt', 'absentSince')
local absent_at, since = tonumber(f[1] or 0), tonumber(f[2] or 0)
local soak = soak_numbers(task.plan)
ask_there(task.plan, 'soakLeft')
local doubted = absent_at >= soak.first
-- A look that waited for a worker may be followed at once by the next: one short absence is not two. While others run it
-- stays in doubt as well: no more fail at once than a breaker bears (I14).
local is_absent_on = doubted and NOW - since >= (numbers_of(task.plan, part_of(task.wave) .. 'interval')[1] or 0)
local fails = absent and is_absent_on and wave_counts(task.plan, nil, TASK.RUNNING) == 0
WHOLE.ask_plan_events(task.plan)
if fails then ask_soak_failure(task)
else
  task.plan_move = foresee(task.plan, {})
  foresee_waves(task.plan)
end
local change = (absent and not doubted and 1 or 0) - ((fails or (doubted and not absent)) and 1 or 0)
soak.doubts = soak.doubts + change
local goes_on = not (fails and (task.trip or task.goes_back_by_policy))
if goes_on and soak.left <= 1 then ask_end_of_round(task.plan, task.wave, soak) end

redis.call('HSET', key, 'looked', look)
if absent and not doubted then redis.call('HSET', key, 'absentAt', look, 'absentSince', int(NOW)) end
if not absent and doubted then redis.call('HDEL', key, 'absentAt', 'absentSince') end
if change ~= 0 then redis.call('HINCRBY', plan, 'soakDoubts', change) end
local left = redis.call('HINCRBY', plan, 'soakLeft', -1)
if fails then fail_soaked(task, failure) end
local soaks = wave_state(task.plan, task.wave) == WAVE.SOAKING
if soaks and left <= 0 then end_round(task.plan, task.wave) end
settle_waves(task.plan)
settle_plan(task.plan_move)
return {fails and 'UNHEALTHY' or 'SEEN'}
