-- Lets an ended task run again, behind the moves: from its checkpoint, or from scratch.
-- @include keys
-- @include checkpoint
-- @include settings
-- @include task
-- @include operation
-- @include tenant_history
-- @include skipped
-- @include pace

-- A checkpoint of the stages that are recorded as done; none is needed when there are none. How long it is, is noted:
-- reading it is most of the work.
local function checkpoint_fits(task)
  if task.stage == 0 then return true end
  local text = redis.call('GET', K.checkpoint(task.id)) or ''
  task.checkpoint_bytes = #text
  local ok, known = pcall(cjson.decode, text)
  local _, last = stage_of(task, task.stage - 1)
  if not ok or type(known) ~= 'table' or known.completed_stages ~= task.stage then return false end
  -- The marker of a store beside the ledger names no stage.
  return known.last_stage == nil or known.last_stage == last
end

-- What is under way with it or its plan, and goes before. asked.given_up: since it was asked the plan was given up.
local function what_stops(task, asked)
  if asked.given_up then return asked.given_up end
  if task.rollback then return 'rollback-requested' end
  if task.plan_status == PLAN.ROLLING_BACK then return 'plan-rolling-back' end
  if task.plan_cancels and task.plan_status ~= PLAN.CANCELLED then return 'plan-cancelled' end
  return nil
end

-- Why it cannot go on from where it stopped, and what about.
local function why_not_from_there(task, asked)
  local other = moved_since_by(task)
  if other and not asked.force then return 'moved', other end
  if asked.scratch then return nil end
  -- By force: its store may have been put back since.
  if has_lost_checkpoint(task) and not asked.force then return 'checkpoint-lost' end
  return not checkpoint_fits(task) and 'no-checkpoint' or nil
end

-- Why a task whose state allows a retry is refused it all the same, and what about; nil when it is not. asked: {scratch,
-- force}.
local function retry_refusal(task, asked)
  local stops = what_stops(task, asked)
  if stops then return stops end
  if has_run_out(task.plan) then return 'expired' end
  if task.status ~= TASK.FAILED and not asked.scratch then return 'scratch-only' end
  if task.retries >= SETTINGS.MAX_RETRY then return 'max-retry', task.retries end
  return why_not_from_there(task, asked)
end

local function ask_retry(task, asked)
  task.from_scratch = asked.scratch
  ask_task(task, 'retry')
end

-- What was asked, for the event. asked.override: why no freeze stops it; '' when any does.
local function retry_options(asked, more)
  return '{"fromCheckpoint":' .. tostring(not asked.scratch) .. ',"force":' .. tostring(asked.force)
    .. (asked.override ~= '' and ',"overrideFreeze":' .. cjson.encode(asked.override) or '') .. (more or '') .. '}'
end

-- The table has been asked, the event is written, and the plan runs again. asked.skips: it goes on behind a stage that
-- failed, which is none of the retries that are counted.
local function retry_task(task, asked)
  local key = K.task(task.id)
  move_task(task)
  if not asked.skips then redis.call('HSET', key, 'retries', task.retries + 1) end
  redis.call('HSET', key, 'attempt', task.attempt + 1,
    'retrying', asked.scratch and 'scratch' or 'checkpoint')
  redis.call('HDEL', key, 'startedAt', 'endedAt', 'durationMillis', 'failure', 'recoveries', 'legs', 'cancelledBy',
    'cancelledFor', 'ranMillis', 'pausedMillis', 'lastCursor', 'soakFailed', 'wentBackFor')
  if asked.force then redis.call('HSET', key, 'forced', 1) end
  if asked.override ~= '' then redis.call('HSET', key, 'freezeOverride', asked.override) end
  if asked.scratch then
    clear_checkpoint(task)
    redis.call('HSET', key, 'stage', 0, 'turn', 0)
    redis.call('HDEL', key, 'healthy')
    forget_skipped(task)
  else
    stop_checkpoint_expiry(task)
  end
  enqueue(task, RANK_RETRY + next_ticket() + (task.wave or 0) * WAVE_BLOCK)
end
