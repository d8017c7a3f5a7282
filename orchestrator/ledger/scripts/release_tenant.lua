-- Takes a tenant from its holder by force, for the day when all else failed: the holder is fenced off and fails.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request}
--       (strings), ended, ready, leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing,
--       awaited, grouped, lined, group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active,
--       group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 tenant id  2 actor  3 reason  4 request id  5 what is asked, in words
--        6 1 to take it also from a holder that is alive (a lease not overdue)
-- CODES ACCEPTED, status, '', task | NOOP, '', why | REFUSED, status, why, task | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskFailed TaskRetryCompleted TaskRollbackFailed TaskStageFailed
--       TaskStageRollbackFailed
-- @include keys
-- @include operation
-- @include stage_fail
-- @include epoch
-- @include request
-- @include sound
-- @include whole

local tenant_id, actor, reason, force = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1'

local function lease_ends(task_id)
  local running = redis.call('ZSCORE', K.leases_running(), task_id)
  return tonumber(running or redis.call('ZSCORE', K.leases_queued(), task_id) or 0)
end

-- There is no state to end and no plan to tell; whoever waits is woken.
local function take_from(task_id)
  WHOLE.ask_shared()
  ask_first()
  redis.call('HDEL', K.tenant(tenant_id), 'holder', 'epoch', 'since')
  wake_tenant(tenant_id)
  return {'ACCEPTED', '', '', task_id}
end

-- False where a hand has damaged what is asked of the plan: its counts, or a wave, whose state is none.
local function may_fail(task)
  local done, fault = pcall(ask_failure, task)
  if done then return true end
  local move = type(fault) == 'table' and fault.bad_move
  if move then done = move[1] ~= 'wave' or WAVE_KNOWN[move[3]] else done = is_refusal(fault_text(fault)) end
  if done then error(fault, 0) end
  return false
end

local f = redis.call('HMGET', K.tenant(tenant_id), 'holder')
if not f[1] and redis.call('EXISTS', K.tenant(tenant_id)) == 0 then return {'MISSING'} end
if not f[1] then return {'NOOP', '', 'free'} end
local task = read_task(f[1])
-- Its record, or its plan's, is gone or damaged.
if not task then return take_from(f[1]) end
if not TASK_ACTIVE[task.status] then
  -- A paused or resumed task holds by right, and cancel ends it in the call.
  if task.status == TASK.PAUSED or task.status == TASK.PENDING then return {'REFUSED', task.status, 'cancel-it', task.id} end
  emit_operation('release', task.plan, task, actor, reason, '{"force":' .. tostring(force) .. '}')
  free_tenant(task)
  return {'ACCEPTED', task.status, '', task.id}
end
if lease_ends(task.id) >= NOW and not force then return {'REFUSED', task.status, 'alive', task.id} end
if force and not may_fail(task) then
  WHOLE.ask_shared()
  ask_first()
  fence_off(task)
  return take_from(task.id)
end
if not force then ask_failure(task) end
emit_operation('release', task.plan, task, actor, reason, '{"force":' .. tostring(force) .. '}')
-- Nor can it write anything once the tenant is held anew.
fence_off(task)
fail_stage(task, 'Released', 'released by ' .. actor .. ': ' .. reason)
return {'ACCEPTED', task.status, '', task.id}
