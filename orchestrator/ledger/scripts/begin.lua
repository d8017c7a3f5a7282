-- Begins the turn that a message asks for: exactly the current epoch, stage and turn, once, whatever the clock says.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 worker and delivery: a repeat of the same call begins again
--       6 newest format of a cursor that the worker reads  7 the same of a checkpoint
-- CODES BEGUN, tenant, status, plan stage index, its name, cursor, config, snapshot, attempt, incarnation,
--       checkpoint, forced, digest of the plan's content, number of rollbacks,
--       when the plan was created, number of legs |
--       STALE, tenant (drop the chain) | COPY, tenant (another copy of this turn: drop the chain) |
--       TOO_NEW, cursor or checkpoint, its format (this worker is too old: nothing has begun) |
--       EARLY, due time in ms, tenant, status, stage's name (a copy or another's clock: it is for later) |
--       CANCELLED, PAUSED, ROLLING_BACK, tenant (asked for, done at this boundary: drop the chain) | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskProgress TaskPaused TaskCancelled TaskRetryCompleted TaskRollingBack
--       TaskStageStarted TaskStageRollingBack
-- @include keys
-- @include boundary
-- @include stage_begin
-- @include counters
-- @later stops_before_stage

-- A form says its number in its first key, or is of the first.
local function format_of(text) return tonumber(string.match(text, '^{"format":(%d+)') or 1) end

-- Two processes never agree on the last milliseconds.
local EARLY_MS = 20

local task_id, epoch, stage, turn, worker = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local task = read_task(task_id)
if not task then return {'STALE', ''} end
if not TASK_ACTIVE[task.status] or task.epoch ~= epoch or stage ~= task.stage or not holds_tenant(task) then
  return {'STALE', task.tenant}
end
if turn ~= task.turn or task.lease ~= 'queued' then
  -- The reply to this very call may have been lost; then the turn is the caller's.
  local repeated = turn == task.turn and task.lease == 'running' and task.record.worker == worker
  if not repeated then return {'COPY', task.tenant} end
end

-- A worker's clock decides nothing: what is due, the ledger says.
if turn > 0 and task.lease == 'queued' then
  local due = tonumber(task.record.dueAt or 0)
  local _, name = stage_of(task, stage)
  if due > NOW + EARLY_MS then return {'EARLY', due, task.tenant, task.status, name} end
end

local asked = is_asked_to_stop(task) and stops_before_stage(task)
if asked then return {asked, task.tenant} end

local checkpoint = stage > 0 and redis.call('GET', K.checkpoint(task_id)) or ''
local cursor = task.record.cursor or ''
if format_of(cursor) > tonumber(ARGV[6]) then return {'TOO_NEW', 'cursor', format_of(cursor)} end
if format_of(checkpoint) > tonumber(ARGV[7]) then return {'TOO_NEW', 'checkpoint', format_of(checkpoint)} end

local is_first = task.lease == 'queued'
local index, name = stage_of(task, stage)
-- Read before anything is written: a damaged part of it must not stop this half-way.
local record = {'BEGUN', turn_record(task, index, name, task.record, checkpoint)}
begin_stage(task, worker, index, name)
-- From when the message could be taken: it was published, or its poll was due.
if is_first then
  local queued_at, due_at = tonumber(task.record.queuedAt or NOW), tonumber(task.record.dueAt or 0)
  observe('dispatch', NOW - math.max(queued_at, turn > 0 and due_at or 0))
end
return record
