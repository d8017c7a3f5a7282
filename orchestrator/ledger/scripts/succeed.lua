-- Records a stage as done, with its checkpoint and events; the last one ends the task.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       beats, lined, queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox,
--       feed, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 checkpoint as JSON  6 1 when health was confirmed
--       7 on the way back, the config in force again as JSON, else ''  8 identity of the config that was applied, as JSON
-- CODES NEXT | COMPLETED | ROLLED_BACK | CANCELLED | PAUSED | ROLLING_BACK | STALE | BAD_MOVE;
--       a repeat of the same call is answered NEXT, or the end that it made, or STALE when a person has gone on from it
-- EVENTS PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed TaskPaused
--       TaskCompleted TaskCancelled TaskRetryCompleted TaskRollingBack TaskRolledBack TaskStageSucceeded
--       TaskStageRolledBack
-- @include keys
-- @include checkpoint
-- @include boundary
-- @include rollback_end
-- @include beats
-- @include counters

local task_id, epoch, stage, turn = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local checkpoint, healthy, restored, identity = ARGV[5], ARGV[6], ARGV[7], ARGV[8]

local REPEATED = {COMPLETED = true, ROLLED_BACK = true, CANCELLED = true, PAUSED = true}

local task = read_task(task_id)
if not task or task.epoch ~= epoch then return {'STALE'} end
if not is_under_way(task, epoch, stage, turn) then
  if task.stage ~= stage + 1 then return {'STALE'} end
  if task.lease == 'queued' and task.turn == 0 then return {'NEXT'} end
  return {REPEATED[task.status] and task.status or 'STALE'}
end

local key = K.task(task_id)
local _, name = stage_of(task, stage)
local duration = NOW - tonumber(redis.call('HGET', key, 'stageStartedAt'))
local forward = task.status == 'RUNNING'
task.stage, task.turn = stage + 1, 0
-- With a way back asked for, the last boundary is one to turn at, not an end.
local ends = task.stage == task.legs and not (forward and (task.rollback or task.plan_status == 'ROLLING_BACK'))
if ends then ask_settled(task, forward and 'complete' or 'rollback_done') end
local asked = not ends and ask_boundary(task)

redis.call('HSET', key, 'stage', task.stage, 'turn', 0)
redis.call('HDEL', key, 'cursor', 'stageStarted', 'stageStartedAt', 'dueAt', 'recoveries')
if healthy == '1' then redis.call('HSET', key, 'healthy', 1) end
emit_task(forward and 'TaskStageSucceeded' or 'TaskStageRolledBack', task, '{"durationMillis":' .. int(duration) .. '}', name)
observe(forward and 'stage:succeeded' or 'stage:rolled_back', duration)
if turn > 0 then count('polls:done', 1) end

if ends then
  if forward then complete_task(task, identity) else finish_rollback(task, restored, identity) end
  return {task.status}
end
forget_beat(task)
keep_checkpoint(task, checkpoint)
if asked then
  stop_at_boundary(task)
  return {asked}
end
set_deadline(task)
lease_queued(task, NOW)
return {'NEXT'}
