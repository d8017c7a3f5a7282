-- Lets an ended task run again, behind the moves: from its checkpoint, or from scratch. One that a retry has put back
-- already is let pass the freezes that it waits for, if that is asked.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request} (strings), ended,
--       ready, leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze},
--       queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to start from scratch  7 1 to force
--       8 why no freeze stops it, or ''
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why, what | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanReopened
-- @include keys
-- @include retry
-- @include request

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]
local asked = {scratch = ARGV[6] == '1', force = ARGV[7] == '1', override = ARGV[8]}

-- As if its retry had said so: until it has ended.
local function let_pass(task)
  if task.passes_freezes then return {'NOOP', task.status, 'passes-freezes'} end
  local stops = what_stops(task, asked)
  if stops then return {'REFUSED', task.status, stops} end
  WHOLE.ask_places(task)
  emit_operation('override-freeze', task.plan, task, actor, asked.override)
  redis.call('HSET', K.task(task.id), 'freezeOverride', asked.override)
  if task.frozen_by then
    leave_frozen(task)
    back_to_queue(task.id)
    wake_plan(task.plan)
  end
  return {'ACCEPTED', task.status, 'passes'}
end

local function answer_no_move(task)
  if task.status ~= TASK.PENDING then return {'REFUSED', task.status, 'state'} end
  local is_retried, passes = task.retrying ~= '', asked.override ~= ''
  if is_retried then return passes and let_pass(task) or {'NOOP', task.status, 'waiting'} end
  return {'REFUSED', task.status, passes and 'not-retried' or 'state'}
end

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.plan_status == PLAN.CREATED then return {'REFUSED', task.status, 'draft'} end
if not task_row(task.status, 'retry') then return answer_no_move(task) end
local why, what = retry_refusal(task, asked)
if why then return {'REFUSED', task.status, why, what} end

local reopening = ask_reopening(task)
ask_retry(task, asked)
emit_operation('retry', task.plan, task, actor, reason, retry_options(asked))
reopen_plan(reopening)
retry_task(task, asked)
return {'ACCEPTED', task.status}
