-- Takes the next of a plan's waiting tasks out of it, in plan order: one request in many scripts.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request}
--       (strings), ended, ready, leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing,
--       awaited, grouped, lined, group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active,
--       group:{group}, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 the most tasks to look at
--       7 only tenants like this: the parts between the pattern's stars as a JSON list
-- CODES MORE | ACCEPTED or REFUSED, status, '', what was done as JSON (see includes/chunked.lua) | MISSING |
--       REFUSED, status, why | REPEATED, the answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanProgress PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRollingBack
--       PlanRolledBack PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
--       PlanBreakerTripped TaskWaiting TaskCancelled TaskRetryCompleted
-- @include keys
-- @include boundary
-- @include chunked
-- @include operation
-- @include pattern
-- @include passed_by
-- @include numbers

local plan_id, actor, reason, first = ARGV[1], ARGV[2], ARGV[3], SO_FAR.next
local tenants = read_pattern(ARGV[7])

-- Whoever stopped it.
local function is_meant(task)
  if task.status ~= TASK.PENDING and task.status ~= TASK.PAUSED then return false end
  return not task.rollback and not plan_forbids(task) and is_like(task.tenant, tenants)
end

-- It has been admitted in this attempt, or a stage of it has begun in an earlier one, which nobody has taken back: left
-- where it is, it would be half moved and no failure.
local function has_begun(task) return task.started_at ~= 0 or task.touched > 0 end

local function waits(task) return is_meant(task) and not has_begun(task) end

local f = read_plan(plan_id, 'status', 'total')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] == PLAN.CREATED then return {'REFUSED', f[1], 'state'} end
local total = total_in(plan_id, f[2])
local last = math.min(first + tonumber(ARGV[6]), total) - 1
local waiting, changes, damaged, begun = {}, {waves = {}}, 0, 0

-- Of which nobody can say that it is not meant.
local function may_be_meant(task)
  if TASK_KNOWN[task.status] and task.status ~= TASK.PENDING and task.status ~= TASK.PAUSED then return false end
  return task.tenant == '' or is_like(task.tenant, tenants)
end

for position = first, last do
  local task_id = task_id_of(plan_id, position)
  local task = read_task(task_id)
  if task and waits(task) and apart(ask_noting, task, 'cancel', changes) then waiting[#waiting + 1] = task
  elseif task and TASK_KNOWN[task.status] then
    damaged = damaged + (waits(task) and 1 or 0)
    begun = begun + (is_meant(task) and has_begun(task) and 1 or 0)
  elseif may_be_meant(remains_of(plan_id, task_id)) then damaged = damaged + 1 end
end
for _, task in ipairs(waiting) do
  if task.wave then
    add(changes_of_wave(changes, task), task.status, -1)
    add(changes_of_wave(changes, task), task.to, 1)
  end
end
local plan_move = foresee(plan_id, changes)
if #waiting > 0 then foresee_waves(plan_id, changes) end

for _, task in ipairs(waiting) do
  emit_operation('exclude', plan_id, task, actor, reason)
  cancel_task(task, actor)
end
if #waiting > 0 then
  keep_last(K.plan(plan_id), 'exclude', actor, reason)
  settle_plan(plan_move)
end
SO_FAR.begun = (SO_FAR.begun or 0) + begun
return come_to(last + 1, total, redis.call('HGET', K.plan(plan_id), 'status'), #waiting, damaged)
