-- Gives back a turn that a worker cannot run: it is too old for it, or lacks a step. The stage stays as it is and is
-- nobody's fault: the same turn, under its next number, is due for another worker after a while, each time a longer one.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       beats, handed-back, lined, queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan}
--       (sets), inbox, feed, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 1 if the turn had begun  6 why, one word  7 what about
--       8 worker and delivery: a repeat of the same call is answered the same, a copy is not
-- CODES AGAIN, next turn, due time in ms, tenant, status, stage's name (also to a repeat of the same call) |
--       STALE, tenant (drop the chain) |
--       CANCELLED, PAUSED, ROLLING_BACK, tenant (asked for, done at this boundary: drop the chain) | BAD_MOVE
-- EVENTS PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed TaskPaused
--       TaskCancelled TaskRetryCompleted TaskRollingBack
-- @include keys
-- @include boundary
-- @include beats
-- @include hand_back

local task_id, epoch, stage, turn = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local had_begun, why, what, worker = ARGV[5] == '1', ARGV[6], ARGV[7], ARGV[8]

local task = read_task(task_id)
if not task then return {'STALE', ''} end
if not TASK_ACTIVE[task.status] or task.epoch ~= epoch or stage ~= task.stage or not holds_tenant(task) then
  return {'STALE', task.tenant}
end
local key = K.task(task_id)
local _, name = stage_of(task, stage)
if turn + 1 == task.turn and task.lease == 'queued' and was_handed_back_by(task, worker) then
  return {'AGAIN', task.turn, tonumber(redis.call('HGET', key, 'dueAt')), task.tenant, task.status, name}
end
-- A copy of a turn that runs elsewhere gives nothing back.
if turn ~= task.turn or task.lease ~= (had_begun and 'running' or 'queued') then return {'STALE', task.tenant} end
local asked = stops_before_stage(task)
if asked then return {asked, task.tenant} end
local times = note_hand_back(task, why, what, worker)
local back = NOW + math.min(FIRST_BACK_MS * 2 ^ math.min(times - 1, 20), LONGEST_BACK_MS)
-- A poll that is not due yet is not due earlier for a copy of its message.
local due = math.max(back, turn > 0 and not had_begun and tonumber(redis.call('HGET', key, 'dueAt')) or 0)
redis.call('HSET', key, 'turn', turn + 1, 'dueAt', int(due))
lease_queued(task, due)
if task.stage_started then note_beat(task, due) end
return {'AGAIN', turn + 1, due, task.tenant, task.status, name}
