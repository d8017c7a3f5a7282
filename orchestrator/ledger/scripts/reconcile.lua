-- Compares locks, slots, leases and queues with the states of a plan's tasks, some tasks a call, and repairs what
-- disagrees. Every script leaves them agreeing, so a repair means a fault of ours or a hand in the data: it is counted.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready,
--       leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 position of the first task  3 the most tasks to look at
-- CODES RECONCILED, next position (-1 at the end), then a list of {task, what was repaired} | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskFailed TaskCancelled TaskRetryCompleted TaskRollbackFailed TaskStageFailed
--       TaskStageRollbackFailed
-- @include keys
-- @include repairs
-- @include settings
-- @include lease
-- @include release
-- @include stage_fail
-- @include epoch
-- @include frozen
-- @include group_wait
-- @include wait_repair
-- @include whole_plan
-- @include tenant_lost
-- @include plan_repair
-- @include stray

local plan_id, first, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local repairs = {}
local function repaired(task, what)
  if what then repairs[#repairs + 1] = {task.id, what} end
end

-- Whether what is wrong could be looked at; a repair answers what that was.
local function check(repair, one)
  local done, what = apart(repair, one)
  if what then repaired(one, what) end
  return done
end

local function check_places(task)
  WHOLE.ask_groups(task)
  return repair_tenant(task)
end

local function check_slot(task)
  local has = redis.call('SISMEMBER', K.slots(plan_id), task.id) == 1
  if has and not TASK_ACTIVE[task.status] then
    free_slot(task)
    repaired(task, 'leaked slot')
  elseif not has and TASK_ACTIVE[task.status] then
    redis.call('SADD', K.slots(plan_id), task.id)
    repaired(task, 'lost slot')
  end
end

local function check_lease(task)
  local queued = redis.call('ZSCORE', K.leases_queued(), task.id)
  local running = redis.call('ZSCORE', K.leases_running(), task.id)
  if not TASK_ACTIVE[task.status] then
    if queued or running then
      drop_lease(task)
      repaired(task, 'stale lease')
    end
  elseif (queued and task.lease ~= 'queued') or (running and task.lease ~= 'running') or not (queued or running) then
    -- As if it had run out just now: the sweep knows what to do with either kind.
    redis.call('ZREM', task.lease == 'running' and K.leases_queued() or K.leases_running(), task.id)
    if task.lease ~= 'running' then redis.call('HSET', K.task(task.id), 'lease', 'queued') end
    redis.call('ZADD', task.lease == 'running' and K.leases_running() or K.leases_queued(), NOW, task.id)
    repaired(task, 'lost lease')
  end
end

local function check_queue(task)
  local in_queue = redis.call('ZSCORE', K.queue(plan_id), task.id)
  local in_line = redis.call('ZSCORE', K.line(task.tenant), task.id)
  local is_frozen = task.frozen_by and redis.call('ZSCORE', K.frozen(task.frozen_by), task.id)
  local waits = not TASK_ACTIVE[task.status] and (task.status == TASK.PENDING or task.rollback)
  local in_group = task.group_for and redis.call('ZSCORE', K.group_line(task.group_for), task.id)
  if waits and not (in_queue or in_line or is_frozen or in_group) then
    leave_frozen(task)
    leave_group_lines(task)
    redis.call('ZADD', K.queue(plan_id), task.rank, task.id)
    wake_plan(plan_id)
    repaired(task, 'in no queue')
  elseif not waits and (in_queue or in_line or task.frozen_by or task.group_for) then
    redis.call('ZREM', K.queue(plan_id), task.id)
    leave_line(task)
    repaired(task, 'queued for nothing')
  end
end

local f = redis.call('HMGET', K.plan(plan_id), 'status', 'total')
if not f[1] or f[1] == PLAN.CREATED then return {'RECONCILED', -1, repairs} end
WHOLE.ask_whole_plan(plan_id)
local total = total_in(plan_id, f[2])
local last = math.min(first + limit, total) - 1
for position = first, last do
  local task = read_task(task_id_of(plan_id, position))
  if task and check(check_places, task) then
    check_slot(task)
    check_lease(task)
    repaired(task, sound(repair_groups, task))
    check_queue(task)
    repaired(task, repair_freeze(task))
    check(give_up_stray, task)
  end
end
if last + 1 >= total then
  -- It may have ended just now, with its last task.
  check(repair_plan, {id = plan_id, status = redis.call('HGET', K.plan(plan_id), 'status')})
end
if #repairs > 0 then note_repairs(#repairs) end
return {'RECONCILED', last + 1 < total and last + 1 or -1, repairs}
