-- Lets an ended task run again, behind the moves: from its checkpoint, or from scratch.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant}
--       (hashes), seq, checkpoint:{task}, request:{request} (strings), ended, ready, queue:{plan} (zsets), active,
--       slots:{plan} (sets), inbox, feed, log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to start from scratch  7 1 to force
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why, what | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanReopened
-- @include keys
-- @include checkpoint
-- @include settings
-- @include task
-- @include operation
-- @include tenant_history
-- @include request

-- A checkpoint of the stages that are recorded as done; none is needed when there are none.
local function checkpoint_fits(task)
  if task.stage == 0 then return true end
  local text = redis.call('GET', K.checkpoint(task.id))
  local ok, known = pcall(cjson.decode, text or '')
  local _, last = stage_of(task, task.stage - 1)
  if not ok or type(known) ~= 'table' or known.completed_stages ~= task.stage then return false end
  -- The marker of a store beside the ledger names no stage.
  return known.last_stage == nil or known.last_stage == last
end

local task_id, actor, reason, from_scratch, force = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1', ARGV[7] == '1'

local task = read_task(task_id)
if not task then return {'MISSING'} end
local key = K.task(task_id)
task.from_scratch = from_scratch

if not task_row(task.status, 'retry') then
  local waits = task.status == 'PENDING' and task.retrying ~= ''
  return {waits and 'NOOP' or 'REFUSED', task.status, waits and 'waiting' or 'state'}
end
if task.rollback then return {'REFUSED', task.status, 'rollback-requested'} end
if task.plan_status == 'ROLLING_BACK' then return {'REFUSED', task.status, 'plan-rolling-back'} end
if task.plan_cancels and task.plan_status ~= 'CANCELLED' then return {'REFUSED', task.status, 'plan-cancelled'} end
if task.status ~= 'FAILED' and not from_scratch then return {'REFUSED', task.status, 'scratch-only'} end
if task.retries >= SETTINGS.MAX_RETRY then return {'REFUSED', task.status, 'max-retry', task.retries} end
local other = moved_since_by(task)
if other and not force then return {'REFUSED', task.status, 'moved', other} end
if not from_scratch and not checkpoint_fits(task) then return {'REFUSED', task.status, 'no-checkpoint'} end

local reopening = ask_reopening(task)
ask_task(task, 'retry')
emit_operation('retry', task.plan, task, actor, reason, '{"fromCheckpoint":' .. tostring(not from_scratch)
  .. ',"force":' .. tostring(force) .. '}')
reopen_plan(reopening)
move_task(task)
redis.call('HSET', key, 'retries', task.retries + 1, 'attempt', task.attempt + 1,
  'retrying', from_scratch and 'scratch' or 'checkpoint')
redis.call('HDEL', key, 'startedAt', 'endedAt', 'durationMillis', 'failure', 'recoveries', 'legs', 'cancelledBy',
  'ranMillis', 'pausedMillis', 'lastCursor')
if force then redis.call('HSET', key, 'forced', 1) end
if from_scratch then
  clear_checkpoint(task)
  redis.call('HSET', key, 'stage', 0, 'turn', 0)
  redis.call('HDEL', key, 'healthy')
else
  stop_checkpoint_expiry(task)
end
enqueue(task, RANK_RETRY + next_ticket())
return {'ACCEPTED', task.status}
