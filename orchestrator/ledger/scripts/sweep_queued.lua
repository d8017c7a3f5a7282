-- Answers overdue queued leases: the message may be lost, or merely waits in a backlog; the broker knows (see
-- coordinator/copies.py). Looked after at intervals doubling from one lease to a minute; never counted as a recovery,
-- never failed for it.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 the most leases to answer  2 the ledger time up to which they are overdue, as a tick said it
--       3 the most to hand out: further ones are not counted as looked after
-- CODES SWEPT, then a list of {task, tenant, mode, epoch, stage, legs, turn, when it was published}, then 1 when there may be
--       more to hand out | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskPaused TaskFailed TaskCancelled TaskRetryCompleted TaskRollingBack
--       TaskRollbackFailed TaskStageFailed TaskStageRollbackFailed
-- @include keys
-- @include settings
-- @include boundary
-- @include grace
-- @include lease
-- @include tenant_lost

local LONGEST_MS = 60000

local limit, upto_ms, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local rows = {}
local function stop_or_publish(task)
  local holder = other_holder(task)
  if holder then return give_way(task, holder) end
  if stops_before_stage(task) then return end
  if #rows >= room then
    -- Nobody takes it up now: it comes again after one lease, as if it had not run out.
    redis.call('ZADD', K.leases_queued(), NOW + SETTINGS.LEASE_MS, task.id)
    return
  end
  local times = redis.call('HINCRBY', K.task(task.id), 'republished', 1)
  -- The exponent is bounded: 2^40 leases is already past any minute.
  local wait_ms = math.min(SETTINGS.LEASE_MS * 2 ^ math.min(times, 40), LONGEST_MS)
  redis.call('ZADD', K.leases_queued(), NOW + math.max(wait_ms, SETTINGS.LEASE_MS), task.id)
  local queued_at = tonumber(redis.call('HGET', K.task(task.id), 'queuedAt') or 0)
  rows[#rows + 1] = {task.id, task.tenant, task.status, task.epoch, task.stage, task.legs, task.turn, queued_at}
end

if in_grace() then return {'SWEPT', rows, 0} end
local overdue = redis.call('ZRANGEBYSCORE', K.leases_queued(), '-inf', upto_ms - 1, 'LIMIT', 0, limit)
for _, task_id in ipairs(overdue) do
  local task, may_go_on = read_task(task_id)
  if may_go_on then
    look_again(K.leases_queued(), task_id)
  elseif not task or not TASK_ACTIVE[task.status] or task.lease ~= 'queued' then
    redis.call('ZREM', K.leases_queued(), task_id)
  elseif not apart(stop_or_publish, task) then
    look_again(K.leases_queued(), task_id)
  end
end
return {'SWEPT', rows, (#overdue == limit and #rows < room) and 1 or 0}
