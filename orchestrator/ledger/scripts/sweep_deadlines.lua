-- Fails the tasks whose stage or task deadline has passed; a late result is fenced off, as the task is no longer active.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 the most tasks to answer  2 the ledger time up to which they are overdue, as a tick said it
-- CODES SWEPT, number of tasks failed, 1 when there may be more | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskFailed TaskRetryCompleted TaskRollbackFailed TaskStageFailed
--       TaskStageRollbackFailed
-- @include keys
-- @include stage_fail
-- @include grace

local limit, upto_ms = tonumber(ARGV[1]), tonumber(ARGV[2])

-- A task that the table refuses to move is looked at again after this long.
local REFUSED_MS = 60000

local function fail_overdue(task)
  ask_failure(task)
  local index, name = stage_of(task, task.stage)
  local f = redis.call('HMGET', K.plan(task.plan), 'stageTimeout:' .. index, 'taskTimeout')
  local started = tonumber(redis.call('HGET', K.task(task.id), 'stageStartedAt') or 0)
  if f[1] and task.stage_started and upto_ms - started >= (tonumber(f[1]) or math.huge) then
    fail_stage(task, 'StageTimeout', 'stage ' .. name .. ' took longer than ' .. f[1] / 1000 .. ' s')
  else
    fail_stage(task, 'TaskTimeout', 'the task took longer than ' .. (tonumber(f[2] or nil) or 0) / 1000 .. ' s')
  end
end

if in_grace() then return {'SWEPT', 0, 0} end
local failed = 0
local overdue = redis.call('ZRANGEBYSCORE', K.deadlines(), '-inf', upto_ms - 1, 'LIMIT', 0, limit)
for _, task_id in ipairs(overdue) do
  local task, may_go_on = read_task(task_id)
  if may_go_on then
    redis.call('ZADD', K.deadlines(), NOW + REFUSED_MS, task_id)
  elseif not task or not TASK_ACTIVE[task.status] then
    redis.call('ZREM', K.deadlines(), task_id)
  elseif apart(fail_overdue, task) then
    failed = failed + 1
  else
    redis.call('ZADD', K.deadlines(), NOW + REFUSED_MS, task_id)
  end
end
return {'SWEPT', failed, #overdue == limit and 1 or 0}
