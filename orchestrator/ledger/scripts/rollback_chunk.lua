-- Asks for the rollback of the next tasks of a plan that goes back, the newest first; those that touched nothing are
-- cancelled, those that have no config to go back to, or are damaged, stay as they are, or are cancelled if they wait, and are named.
-- Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to look at
-- CODES MORE | DONE | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskPaused TaskCancelled TaskRetryCompleted
-- @include keys
-- @include rollback_request
-- @include snapshot
-- @include passed_by
-- @include numbers

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'status', 'rollbackCursor', 'rollbackBy', 'rollbackForced', 'rollbackReason', 'total')
if f[1] ~= PLAN.ROLLING_BACK or not f[2] then return {'DONE'} end
ask_all_counts(plan_id)
-- Where a hand has changed it: from the last one, which does no harm.
local first = place_of(f[2]) or (place_of(f[6]) or 1) - 1
local last = math.max(first - limit + 1, 0)
local affected, changes = {}, {chunks_done = last == 0}

-- What becomes of a task, the table asked; `stays`: something of it may stay as it was moved, `why` as far as that is known.
local function look_at(task)
  local is_sound, goes_back = apart(can_go_back, task)
  if goes_back then
    task.goes_back = apart_of_plan(ask_request, task, changes)
    task.stays = not task.goes_back
    task.why = task.stays and damage_of(task) or nil
    return
  end
  task.stays = task.touched > 0
  task.why = task.stays and (is_sound and NOWHERE or damage_of(task)) or nil
  if task.status ~= TASK.PENDING and task.status ~= TASK.PAUSED then return end
  task.given_up = apart(ask_noting, task, 'cancel', changes)
  if not task.given_up then task.why = task.why or damage_of(task) end
end

for position = first, last, -1 do
  local task_id = task_id_of(plan_id, position)
  local task = read_task(task_id)
  if not task then
    -- Nobody can say that it has touched nothing.
    task = remains_of(plan_id, task_id)
    task.stays, task.why = true, damage_of(task)
  elseif not task.rollback and task.status ~= TASK.ROLLING_BACK then
    look_at(task)
  end
  -- Where something stays behind, the plan cannot say that everything is back.
  if task.stays then changes.gives_up = true end
  if task.why or task.goes_back or task.given_up then affected[#affected + 1] = task end
end
local plan_move = foresee(plan_id, changes)

if changes.gives_up then redis.call('HSET', plan, 'rollbackGivenUp', 1) end
for _, task in ipairs(affected) do
  tell_left(task, task.why)
  if task.given_up then cancel_task(task, f[3]) end
  if task.goes_back then
    -- What its breaker takes back has failed all the same, until it is moved again: the plan, run again, would go on as
    -- if nothing had.
    local counts_on = f[3] == 'policy' and FAILURES[task.status] and not task.accepted
    emit_operation('rollback', plan_id, task, f[3] or UNKNOWN, f[5] or '', '{"force":' .. tostring(f[4] == '1') .. ',"ofPlan":true'
      .. (counts_on and ',"countsOn":true' or '') .. '}')
    request_rollback(task, f[4] == '1')
    if counts_on then redis.call('HSET', K.task(task.id), 'policyBack', 1) end
    if f[3] == 'policy' then mark_sent_back_with_plan(task) end
  end
end
if last > 0 then redis.call('HSET', plan, 'rollbackCursor', last - 1) else redis.call('HDEL', plan, 'rollbackCursor') end
settle_plan(plan_move)
return {last > 0 and 'MORE' or 'DONE'}
