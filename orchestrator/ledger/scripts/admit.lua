-- Fills the plan's free slots from its queue (I2, I3); the publish that follows may be lost, the lease will tell.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       due, leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped,
--       lined, group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group},
--       slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to look at in this call
-- CODES GONE (there is no such plan) | ADMITTED, more (1 when the limit ended the call), then a list of
--       {task, tenant, mode, epoch, stage, legs}, then 1 when what was asked of the plan has chunks to do
--       | BAD_MOVE
-- EVENTS OperationRequested PlanStarted PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskStarted TaskProgress TaskResumed TaskCancelled TaskRetryStarted
--       TaskRetryCompleted TaskRollingBack
-- @include keys
-- @include admission
-- @include plan_end
-- @include waves
-- @include pace
-- @include expiry
-- @include queue_head
-- @include whole_plan

local function admit(task)
  take_places(task)
  lease_queued(task, NOW)
end

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local is_paced = redis.pcall('HGET', plan, 'paced') == '1'
if is_paced then
  WHOLE.ask_whole_plan(plan_id)
  opens_at(plan_id)
  give_up_if_late(plan_id)
end
local f = redis.pcall('HMGET', plan, 'status', 'max', 'pauseRequested', 'cancelRequested', 'cancelCursor',
  'rollbackCursor', 'resuming', 'retryCursor', 'waveRollback')
if f.err or not f[1] then
  redis.call('ZREM', K.ready(), plan_id)
  return {'GONE'}
end
WHOLE.ask_whole_plan(plan_id)
local has_chunks = (f[5] or f[6] or f[7] or f[8] or f[9]) and 1 or 0
local admitted = {}

-- Its turn is over. The next comes after those of all plans that wait, or when something wakes it.
local function answer(more)
  if is_paced then note_due(plan_id) end
  if more + has_chunks > 0 then
    redis.call('ZADD', K.ready(), NOW, plan_id)
  else
    redis.call('ZREM', K.ready(), plan_id)
  end
  return {'ADMITTED', more, admitted, has_chunks}
end

local starts = f[1] == PLAN.READY and f[3] ~= '1' and f[4] ~= '1' and not (is_paced and opens_at(plan_id))
local move = starts and ask_plan({id = plan_id, status = f[1]}, 'start')
local steps = foresee_waves(plan_id, {runs = starts})
if starts then
  -- First, since a damaged record may refuse it.
  emit_plan('PlanStarted', plan_id)
  move_plan(move)
end
settle_waves(plan_id, steps)

local free = free_slots(plan_id)
local round = {plan = plan_id, strict = tonumber(f[2]) == 1, refused = 0}
while free > 0 and limit > 0 do
  limit = limit - 1
  local found, task = look_at_head(round, admit)
  if found == 'END' or found == 'FULL' then return answer(0) end
  if found == 'STARTED' then
    free = free - 1
    admitted[#admitted + 1] = {task.id, task.tenant, task.status, task.epoch, task.stage, task.legs}
  end
end
-- A caller that had no room has looked at nobody.
return answer(free > 0 and round.refused < math.max(tonumber(ARGV[2]), 1) and 1 or 0)
