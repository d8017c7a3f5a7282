-- Retries the next of a plan's failed tasks that are as asked for (from scratch: or that its policy had taken back), in
-- plan order: one request in many scripts. From the first that is retried to the last that is looked at the plan counts as
-- open, no wave of it goes on, and coordinators go on with the request as its caller does (see retry_chunk).
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request} (strings), ended,
--       ready, leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze},
--       queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to start from scratch  7 1 to force
--       8 why no freeze stops what is retried, or ''  9 the most failed tasks to look at
--       10 only those that failed in this stage, '' for any  11 only failures whose type is like this, in small letters
--       12 only tenants like this: the parts between the stars as JSON, '' for any  13 1 for those cancelled with the plan
-- CODES MORE | ACCEPTED or REFUSED, status, '', what was done as JSON (see includes/chunked.lua) | MISSING |
--       NOOP, status, why | REFUSED, status, why | REPEATED, the answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanReopened PlanCompleted PlanFailed PlanCancelled PlanRolledBack
--       PlanRollbackFailed PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
-- @include keys
-- @include chunked
-- @include pattern
-- @include retry_failed
-- @include breach_answer
-- @include stored_json
-- @include numbers

local plan_id, actor, reason, stage = ARGV[1], ARGV[2], ARGV[3], ARGV[10]
local plan, causes, tenants = K.plan(plan_id), read_pattern(ARGV[11]), read_pattern(ARGV[12])

local function is_such(failure)
  -- Matched, not decoded: a damaged failure must not hide all others.
  if causes and not is_like((failure:match('"type"%s*:%s*"([^"]*)"') or ''):lower(), causes) then return false end
  if stage == '' then return true end
  local is_read, told = pcall(cjson.decode, failure)
  return is_read and type(told) == 'table' and told.stageName == stage
end

-- is_lost: whether its record tells nothing; nobody can say then that it is not meant.
local function takes(task_id, is_lost)
  local tenant = tenants and remains_of(plan_id, task_id).tenant or ''
  if tenant ~= '' and not is_like(tenant, tenants) then return false end
  if is_lost then return true end
  -- Why it failed, or why its policy took it back.
  local f = redis.call('HMGET', K.task(task_id), 'failure', 'wentBackFor')
  return is_such(f[1] or f[2] or '')
end

-- Between two scripts of this request the plan may have been given up, or taken back: what is left would undo that.
local function given_up_since(cancels, rollbacks)
  local now = {cancels = tonumber(cancels or nil) or 0, rollbacks = tonumber(rollbacks or nil) or 0}
  SO_FAR.given = SO_FAR.given or now
  if now.cancels ~= SO_FAR.given.cancels then return 'cancelled-since' end
  return now.rollbacks ~= SO_FAR.given.rollbacks and 'taken-back-since' or nil
end

local asked = {scratch = ARGV[6] == '1', force = ARGV[7] == '1', override = ARGV[8], at = SO_FAR.at, takes = takes,
  by = actor, reason = reason, cancelled = ARGV[13] == '1'}

-- One retry of a plan goes on at a time. What this one answers when another is under way.
local function is_in_its_way(status, other)
  if SO_FAR.next > 0 and not ASKED_ONLY then
    asked.given_up = asked.given_up or 'retrying-otherwise'
    return nil
  end
  local is_same = other and other[5] == ARGV[5]
  return {is_same and 'NOOP' or 'REFUSED', status, is_same and 'retrying' or 'retrying-otherwise'}
end

-- Kept until the last of it: how far it has come, and what a coordinator goes on with. To a process that does not know of
-- this, `at` says that nothing of it is left.
local function keep_under_way(found, is_first)
  if is_first then
    note_so_far(plan, MOST_NAMED)
    redis.call('HSET', plan, 'retryAsked', cjson.encode({by = actor, reason = reason, scratch = asked.scratch,
      force = asked.force, override = asked.override, at = 0, since = asked.at, request = {unpack(ARGV, 1, 13)}}))
  end
  if found.next < found.total then redis.call('HSET', plan, 'retryCursor', found.next)
  else redis.call('HDEL', plan, 'retryCursor') end
  note_retried(plan_id, found)
end

local f = read_plan(plan_id, 'status', 'total', 'cancels', 'waveRollback', 'rollbacks', 'retryCursor', 'retryAsked',
  'retryRetried', 'retryRefused', 'retryRefusals')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] == PLAN.CREATED then return {'REFUSED', f[1], 'state'} end
ask_all_counts(plan_id)
local under_way = f[6] and request_of_retry(f[7])
local is_own = under_way and under_way[4] == ARGV[4]
if is_own and SO_FAR.next == 0 then
  local cursor = retry_place(f[6], place_of(f[2]) or 0)
  go_on_as_the_plan_says(cursor, (stored_table(f[7]) or {}).since, unpack(f, 8, 10))
  asked.at = SO_FAR.at
end
-- Of a wave that is still being asked to go back nobody knows yet who does.
local goes_first = asked.scratch and f[4] and 'takes-wave-back' or nil
if goes_first and SO_FAR.next == 0 then return {'REFUSED', f[1], goes_first} end
asked.given_up = given_up_since(f[3], f[5]) or goes_first
local answer = f[6] and not is_own and is_in_its_way(f[1], under_way)
if answer then return answer end
local found = failed_from(plan_id, SO_FAR.next, tonumber(ARGV[9]), asked)
local is_last = found.next == found.total
local reopening = #found.tasks > 0 and PLAN_ENDED[f[1]] and ask_plan({id = plan_id, status = f[1]}, 'reopen') or nil
found.changes.retries_done = is_last
local plan_move = is_own and foresee(plan_id, found.changes)
if is_own and is_last then foresee_waves(plan_id, found.changes) end

for _, task in ipairs(found.tasks) do
  emit_operation('retry', plan_id, task, actor, reason, retry_options(asked, ',"ofPlan":true'))
  reopen_plan(reopening)
  reopening = nil
  retry_task(task, asked)
end
if #found.tasks > 0 then keep_last(plan, 'retry', actor, reason) end
if is_own or (#found.tasks > 0 and not is_last and not f[6]) then keep_under_way(found, not is_own) end
for _, refusal in ipairs(found.refused) do note_refusal(refusal) end
if is_own and is_last then
  settle_waves(plan_id)
  settle_plan(plan_move)
  wake_plan(plan_id)
end
return come_to(found.next, found.total, redis.call('HGET', plan, 'status'), #found.tasks, 0)
