-- Records a stage as failed, which ends its task: tenant, slot and lease are given up, the checkpoint stays.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 FailureInfo as JSON
--       6 the cursor by then as JSON, to be looked at; '' to keep that of the last poll
-- CODES FAILED | ROLLBACK_FAILED (each also to a repeat of the same call) | STALE | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskFailed TaskRetryCompleted TaskRollbackFailed TaskStageFailed
--       TaskStageRollbackFailed
-- @include keys
-- @include lease
-- @include stage_fail

local task_id, epoch, stage, turn, failure = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local task = read_task(task_id)
if not task or task.epoch ~= epoch or task.stage ~= stage then return {'STALE'} end
if task.status == TASK.FAILED or task.status == TASK.ROLLBACK_FAILED then return {task.status} end
if not TASK_ACTIVE[task.status] or not is_under_way(task, epoch, stage, turn) then return {'STALE'} end

ask_failure(task)
record_failure(task, failure, ARGV[6])
return {task.status}
