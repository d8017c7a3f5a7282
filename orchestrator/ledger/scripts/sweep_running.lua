-- Answers overdue running leases: the worker is gone, so the stage goes on elsewhere under a new epoch.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 the most leases to answer  2 the ledger time up to which they are overdue, as a tick said it
--       3 the most to hand out: further ones are not recovered yet
-- CODES SWEPT, then a list of {task, tenant, mode, epoch, stage, legs, turn} to publish, then 1 when there may
--       be more to hand out | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskPaused TaskRecovered TaskFailed TaskCancelled TaskRetryCompleted
--       TaskRollingBack TaskRollbackFailed TaskStageFailed TaskStageRollbackFailed
-- @include keys
-- @include settings
-- @include boundary
-- @include stage_fail
-- @include epoch
-- @include grace
-- @include beats
-- @include lease
-- @include tenant_lost

local REASON = 'the worker gave no sign for longer than its lease'

-- One that nobody would publish now is looked at again after this long; the half tells it from a sign of life.
local NO_ROOM_MS = 1000.5

local limit, upto_ms, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local rows = {}
local function recover(task)
  local key, holder = K.task(task.id), other_holder(task)
  if holder then return give_way(task, holder) end
  local exhausted = tonumber(redis.call('HGET', key, 'recoveries') or 0) >= SETTINGS.MAX_RECOVERIES
  if exhausted then ask_failure(task) end
  local asked = not exhausted and ask_boundary(task)
  if not exhausted and not asked and #rows >= room then
    -- Its message would be dropped, and come a whole queued lease later.
    redis.call('ZADD', K.leases_running(), NOW + NO_ROOM_MS, task.id)
    return
  end
  redis.call('HINCRBY', key, 'recoveries', 1)
  if exhausted then
    return fail_stage(task, 'RecoveriesExhausted',
      'recovered ' .. SETTINGS.MAX_RECOVERIES .. ' times without this stage finishing; ' .. REASON)
  end
  -- A new epoch first: should the worker live after all, nothing that it still does counts, paused or not.
  fence_off(task)
  hold_tenant(task)
  redis.call('HINCRBY', K.meta(), 'recoveries', 1)
  emit_task('TaskRecovered', task, '{"epoch":' .. int(task.epoch) .. ',"reason":' .. cjson.encode(REASON) .. '}')
  if asked then return stop_at_boundary(task) end
  lease_queued(task, NOW)
  rows[#rows + 1] = {task.id, task.tenant, task.status, task.epoch, task.stage, task.legs, task.turn}
end

if in_grace() then return {'SWEPT', rows, 0} end
local overdue = redis.call('ZRANGEBYSCORE', K.leases_running(), '-inf', upto_ms - 1, 'LIMIT', 0, limit)
for _, task_id in ipairs(overdue) do
  local task, may_go_on = read_task(task_id)
  if may_go_on then
    look_again(K.leases_running(), task_id)
  elseif not task or not TASK_ACTIVE[task.status] or task.lease ~= 'running' then
    redis.call('ZREM', K.leases_running(), task_id)
    if not task or not TASK_ACTIVE[task.status] then forget_beat({id = task_id}) end
  elseif not apart(recover, task) then
    look_again(K.leases_running(), task_id)
  end
end
return {'SWEPT', rows, (#overdue == limit and #rows < room) and 1 or 0}
