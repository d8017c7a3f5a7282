-- Records a stage as done, with its checkpoint and events, and goes on: with the task's next stage, or, at the end of the
-- task, with the plan's next one; both begin in this write, for the same worker. A worker that goes no further here
-- leaves the next stage to a message.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 checkpoint as JSON  6 1 when health was confirmed
--       7 on the way back, the config in force again as JSON, else ''  8 identity of the config that was applied, as JSON
--       9 worker and delivery that go on; '' when they do not  10 lanes that it serves: '', all; else '4:0,2,' (see lanes)
--       11 how much of the delivery's time is over, in thousandths
-- CODES NEXT (by a message) | BEGUN, plan stage index, its name (the next stage: the turn is the caller's) |
--       COMPLETED | ROLLED_BACK | CANCELLED | PAUSED, each then the task that goes on in its place, if one does: task,
--       epoch, stage (leg), tenant and all that BEGUN of begin tells | ROLLING_BACK | STALE | BAD_MOVE;
--       a repeat of the same call is answered alike, or STALE when a person or a sweep has gone on from it
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskStarted TaskProgress TaskPaused TaskResumed TaskCompleted TaskCancelled
--       TaskRetryStarted TaskRetryCompleted TaskRollingBack TaskRolledBack TaskStageStarted TaskStageSucceeded
--       TaskStageRollingBack TaskStageRolledBack
-- @include keys
-- @include checkpoint
-- @include stage_end
-- @include stage_begin
-- @include last_stage
-- @include hand_back
-- @later end_here, handed_over

local task_id, epoch, stage, turn = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local checkpoint, healthy, worker = ARGV[5], ARGV[6], ARGV[9]

local REPEATED = {[TASK.COMPLETED] = true, [TASK.ROLLED_BACK] = true, [TASK.CANCELLED] = true, [TASK.PAUSED] = true}

local function repeated(task)
  if task.stage ~= stage + 1 then return {'STALE'} end
  if task.turn == 0 and task.lease == 'queued' then return {'NEXT'} end
  if task.turn == 0 and task.lease == 'running' and task.record.worker == worker then
    return {'BEGUN', stage_of(task, task.stage)}
  end
  if not REPEATED[task.status] then return {'STALE'} end
  return {task.status, handed_over(task, worker)}
end

local function go_on(task)
  local _, name = stage_of(task, stage)
  task.stage, task.turn = stage + 1, 0
  if not goes_on(task) then
    return end_here(task, {name = name, turn = turn, healthy = healthy, checkpoint = checkpoint, restored = ARGV[7],
      identity = ARGV[8], worker = worker, served = ARGV[10], spent = tonumber(ARGV[11])})
  end
  record_stage(task, name, turn, healthy)
  forget_hand_back(task)
  keep_checkpoint(task, checkpoint)
  if worker ~= '' then
    local index, next_name = stage_of(task, task.stage)
    begin_stage(task, worker, index, next_name)
    return {'BEGUN', index, next_name}
  end
  leave_stage(task)
  set_deadline(task)
  lease_queued(task, NOW)
  return {'NEXT'}
end

local task = read_task(task_id)
if not task or task.epoch ~= epoch then return {'STALE'} end
if not is_under_way(task, epoch, stage, turn) then return repeated(task) end
hold_events(task.plan)
local done, answer = pcall(go_on, task)
-- Also when a fault ends it half-way: what is written has its events (I6).
write_held_events()
if not done then error(answer, 0) end
return answer
