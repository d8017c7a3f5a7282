-- Accepts the failures of the next of a plan's tasks, in plan order: one request in many scripts.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, config:{task}, request:{request} (strings), ended, ready, leases-queued, leases-running,
--       deadlines, freeze-times, thawing, awaited, lined (zsets), active (set), inbox, feed, audit, log:{plan}
--       (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 the most tasks to look at
--       7 only failures whose type is like this, in small letters: the parts between the pattern's stars as a JSON list,
--       '' for any
-- CODES MORE | ACCEPTED or REFUSED, status, '', what was done as JSON (see includes/chunked.lua) | MISSING |
--       REFUSED, status, why | REPEATED, the answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanReopened PlanCompleted PlanFailed PlanCancelled PlanRolledBack
--       PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting TaskFailureAccepted
-- @include keys
-- @include acceptance
-- @include chunked
-- @include pattern
-- @include passed_by
-- @include numbers

local plan_id, actor, reason, first = ARGV[1], ARGV[2], ARGV[3], SO_FAR.next
local causes = read_pattern(ARGV[7])

local function is_asked_for(task)
  if why_not_accepted(task) then return false end
  local failure = causes and redis.call('HGET', K.task(task.id), 'failure') or ''
  return not causes or is_like((failure:match('"type"%s*:%s*"([^"]*)"') or ''):lower(), causes)
end

local f = read_plan(plan_id, 'status', 'total')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] == PLAN.CREATED then return {'REFUSED', f[1], 'state'} end
local total = total_in(plan_id, f[2])
local last = math.min(first + tonumber(ARGV[6]), total) - 1
local failed, damaged = {}, 0

-- Of which nobody can say that it is not meant.
local function may_be_meant(task) return not TASK_KNOWN[task.status] or FAILURES[task.status] end

for position = first, last do
  local task_id = task_id_of(plan_id, position)
  local task = read_task(task_id)
  if task and is_asked_for(task) then failed[#failed + 1] = task
  elseif not (task and TASK_KNOWN[task.status]) and may_be_meant(remains_of(plan_id, task_id)) then damaged = damaged + 1 end
end
local moves = ask_acceptance(plan_id, f[1], failed)

for _, task in ipairs(failed) do
  emit_operation('accept', plan_id, task, actor, reason, '{"ofPlan":true}')
  accept_failure(task, actor, reason)
end
if #failed > 0 then keep_last(K.plan(plan_id), 'accept', actor, reason) end
local status = #failed > 0 and settle_acceptance(plan_id, f[1], moves) or f[1]
return come_to(last + 1, total, status, #failed, damaged)
