-- Gives back a turn that a worker cannot run: it is too old for it, or lacks a step. The stage stays as it is and is
-- nobody's fault: the same turn, under its next number, is due at once for another worker that could run it. When there
-- is none, or all have tried, it is due for whoever comes after a while, each time a longer one.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 1 if the turn had begun  6 why, one word  7 what about
--       8 worker and delivery: a repeat of the same call is answered the same, a copy is not  9 that worker's own queue
--       10 and on: others that could run it, as far as is known, each by its own queue and the lanes it serves (see lanes)
-- CODES AGAIN, due time in ms, tenant, status, stage's name, next turn, own queue of the worker that it is for, '' for
--       whoever comes (also to a repeat of the same call) |
--       STALE, tenant (drop the chain) |
--       CANCELLED, PAUSED, ROLLING_BACK, tenant (asked for, done at this boundary: drop the chain) | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskPaused TaskCancelled TaskRetryCompleted TaskRollingBack
-- @include keys
-- @include boundary
-- @include beats
-- @include lanes
-- @include hand_back
-- @include stored_json

-- How long nobody tries: doubling from the first to the longest.
local FIRST_BACK_MS, LONGEST_BACK_MS = 500, 30000

-- Where a hand has damaged it, it is noted anew.
local function last_hand_back(key) return stored_table(redis.call('HGET', key, 'handedBack')) or {} end

-- The first of the others that serves the lane and has not had it; and all that have had it then.
local function not_tried(task, last, own, others)
  local tried = type(last.tried) == 'table' and last.tried or {}
  tried[own] = true
  for i = 1, #others, 2 do
    local queue, lanes = others[i], others[i + 1]
    if not tried[queue] and is_served(task.tenant, lanes) then
      tried[queue] = true
      return queue, tried
    end
  end
  -- All have: after the wait each may try again.
  return '', {}
end

local task_id, epoch, stage, turn = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local had_begun, why, what, worker, own = ARGV[5] == '1', ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local others = {unpack(ARGV, 10)}

local task = read_task(task_id)
if not task then return {'STALE', ''} end
if not TASK_ACTIVE[task.status] or task.epoch ~= epoch or stage ~= task.stage or not holds_tenant(task) then
  return {'STALE', task.tenant}
end
local key = K.task(task_id)
local _, name = stage_of(task, stage)
local last = last_hand_back(key)
if turn + 1 == task.turn and task.lease == 'queued' and last.worker == worker then
  local due = tonumber(redis.call('HGET', key, 'dueAt'))
  return {'AGAIN', due, task.tenant, task.status, name, task.turn, type(last.to) == 'string' and last.to or ''}
end
-- A copy of a turn that runs elsewhere gives nothing back.
if turn ~= task.turn or task.lease ~= (had_begun and 'running' or 'queued') then return {'STALE', task.tenant} end
local asked = stops_before_stage(task)
if asked then return {asked, task.tenant} end
local to, tried = not_tried(task, last, own, others)
local times, waits, back = (tonumber(last.times) or 0) + 1, tonumber(last.waits) or 0, NOW
if to == '' then
  back = NOW + math.min(FIRST_BACK_MS * 2 ^ math.min(waits, 20), LONGEST_BACK_MS)
  waits = waits + 1
end
redis.call('HSET', key, 'handedBack', cjson.encode({
  times = times, waits = waits, why = why, what = what, worker = worker, at = WALL, to = to, tried = tried,
  back = math.ceil(back),
}))
note_hand_back(task_id)
-- A poll that is not due yet is not due earlier for a copy of its message.
local due = math.max(back, turn > 0 and not had_begun and tonumber(redis.call('HGET', key, 'dueAt')) or 0)
redis.call('HSET', key, 'turn', turn + 1, 'dueAt', int(due))
lease_queued(task, due)
if task.stage_started then note_beat(task, due) end
return {'AGAIN', due, task.tenant, task.status, name, turn + 1, to}
