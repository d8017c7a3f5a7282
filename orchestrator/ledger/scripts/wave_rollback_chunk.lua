-- Asks for the way back of the next tasks of a wave that its breaker takes back, from its last one to its first; those
-- that stay as they are, since they are damaged or have no config to go back to, are named. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, grouped, lined, group-line:{group}, frozen:{freeze},
--       queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox,
--       feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to look at
-- CODES MORE | DONE | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
--       TaskWaiting TaskPaused
-- @include keys
-- @include rollback_request
-- @include snapshot
-- @include passed_by
-- @include waves
-- @include wave_back
-- @include numbers

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'waveRollback', 'waveRollbackOf', 'waveRollbackReason', 'status', 'total')
if not f[1] then return {'DONE'} end
if PLAN_ENDED[f[4]] or f[4] == PLAN.ROLLING_BACK then
  redis.call('HDEL', plan, 'waveRollback', 'waveRollbackNext')
  return {'DONE'}
end
ask_all_counts(plan_id)
-- Where a hand has changed it: from the plan's last one, which does no harm.
local wave, first = tonumber(f[2] or nil), place_of(f[1]) or (place_of(f[5]) or 1) - 1
local last = math.max(first - limit + 1, 0)
local is_last = last == 0 and not next_wave_back(plan_id)
local affected, changes = {}, {wave_done = is_last}

-- Whether it goes back, the table asked; why not, when it stays as it was moved.
local function look_at(task)
  local is_sound, goes_back = apart(can_go_back, task)
  if goes_back then
    task.goes_back = apart_of_plan(ask_request, task, changes)
    if not task.goes_back then task.why = damage_of(task) end
  elseif task.touched > 0 then
    task.why = is_sound and NOWHERE or damage_of(task)
  end
end

local function is_of_wave(task, position)
  if not wave or not task.remains or task.wave then return task.wave == wave end
  return position >= (numbers_of(plan_id, part_of(wave) .. 'first')[1] or 0)
end

for position = first, last, -1 do
  local task_id = task_id_of(plan_id, position)
  local task = read_task(task_id) or remains_of(plan_id, task_id)
  if is_of_wave(task, position) then
    if task.remains then task.why = damage_of(task)
    elseif not task.rollback and task.status ~= TASK.ROLLING_BACK then look_at(task) end
    if task.why or task.goes_back then affected[#affected + 1] = task end
  end
end
local plan_move = foresee(plan_id, changes)

-- A process that does not keep this may have tripped; where it has asked some already, they have no marks.
local from = wave and place_of(redis.call('HGET', plan, part_of(wave) .. 'last')) or (place_of(f[5]) or 1) - 1
if first >= from then redis.call('HSET', plan, part_of(wave) .. 'sentBack', 1) end
if last > 0 then redis.call('HSET', plan, 'waveRollback', last - 1) else end_wave_back(plan_id) end
for _, task in ipairs(affected) do
  tell_left(task, task.why)
  if task.goes_back then
    emit_operation('rollback', plan_id, task, 'policy', f[3] or '', '{"force":false,"ofPlan":true}')
    request_rollback(task, false)
    mark_sent_back(task)
  end
end
settle_plan(plan_move)
return {is_last and 'DONE' or 'MORE'}
