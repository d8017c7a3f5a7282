-- Reads a task's record.
-- @include keys
-- @include transitions
-- @include event
-- @include task_id
-- @include whole

-- Classes of a plan's queue (I3), each in its own range of scores.
local RANK_ROLLBACK, RANK_RESUMED, RANK_MOVE, RANK_RETRY = 0, 1e12, 2e12, 3e12
-- In the first two classes those that hold their tenant stand before the others, since they wait for nobody.
local HOLDS_NOTHING = 5e11
-- All but these two, rollbacks and resumed ones that hold their tenant, stand in the block of their wave: the first wave's
-- before all of the second's.
local WAVE_BLOCK = 2e12

-- The record at once: it is packed, so that each field asked for by its name would be a walk over all of it. Nil when a
-- hand has made something else of the key.
local function fields_of(task_id)
  local found = redis.pcall('HGETALL', K.task(task_id))
  if found.err then return nil end
  local f = {}
  for i = 1, #found, 2 do f[found[i]] = found[i + 1] end
  return f
end

-- Where its plan's count of each state stands in what is read of the plan.
local COUNT_AT = {
  [TASK.PENDING] = 14, [TASK.RUNNING] = 15, [TASK.PAUSED] = 16, [TASK.COMPLETED] = 17, [TASK.FAILED] = 18,
  [TASK.CANCELLED] = 19, [TASK.ROLLING_BACK] = 20, [TASK.ROLLED_BACK] = 21, [TASK.ROLLBACK_FAILED] = 22,
}

-- As many as a plan may have: what is done for each of them has an end.
local MOST_STAGES = 10000

-- Numbers that scripts add to or compare with: no numbers, they would stop a write half-way.
local NUMBERS = {
  'epoch', 'stage', 'turn', 'legs', 'touched', 'rank', 'startedAt', 'attempt', 'retries', 'wave', 'republished',
  'stageStartedAt', 'admittedAt', 'queuedAt', 'dueAt', 'beatAt', 'recoveries', 'rollbacks', 'pausedAt', 'pausedMillis',
  'ranMillis', 'ticket', 'looked', 'absentAt', 'absentSince', 'overtaken', 'skipStage',
}

-- The record with the defaults of fields not yet written; nil when there is no such task, or no such plan, or a hand
-- has made of either what no script can work with (I19): then there is nothing that could be done with the task. Then
-- also whether it may go on once that is mended.
local function read_task(task_id)
  WHOLE.ask_leases()
  local plan_id, position = plan_of(task_id), position_of(task_id)
  if not plan_id then return nil end
  local f = fields_of(task_id)
  if not f or not f.status or (f.tenant or '') == '' then return nil end
  -- From the stages on for the same reason, the number of the plan's last event too: else a state would change and its event
  -- be refused (I6).
  local p = redis.pcall('HMGET', K.plan(plan_id), 'status', 'pauseRequested', 'cancelRequested', 'rollbackOrder',
    'timed', 'freezeOverride', 'priority', 'stages', 'planSeq', 'total', 'max', 'n:lined', 'n:rollbackRequested',
    COUNT.PENDING, COUNT.RUNNING, COUNT.PAUSED, COUNT.COMPLETED, COUNT.FAILED, COUNT.CANCELLED, COUNT.ROLLING_BACK,
    COUNT.ROLLED_BACK, COUNT.ROLLBACK_FAILED, 'n:accepted')
  -- Being purged, or damaged: without its plan's record there is nothing that a task could do.
  if p.err or not p[1] then return nil end
  local wave = tonumber(f.wave)
  local task = {
    id = task_id, plan = plan_id, status = f.status, tenant = f.tenant, epoch = tonumber(f.epoch or 0),
    stage = tonumber(f.stage or 0), turn = tonumber(f.turn or 0), lease = f.lease or '', legs = tonumber(f.legs or p[8]),
    touched = tonumber(f.touched or 0), rank = tonumber(f.rank or RANK_MOVE + position + (wave or 0) * WAVE_BLOCK),
    wave = wave, pause = f.pauseRequested == '1', cancel = f.cancelRequested == '1', rollback = f.rollbackRequested == '1',
    stage_started = f.stageStarted == '1', started_at = tonumber(f.startedAt or 0), attempt = tonumber(f.attempt or 1),
    retrying = f.retrying or '', forced = f.forced == '1', republished = f.republished ~= nil,
    retries = tonumber(f.retries or 0), handed_back = f.handedBack ~= nil, seen = f.seen, accepted = f.accepted == '1',
    by_policy = f.policyBack == '1',
    -- The plan as it was when the task was read: for what is decided before anything is written.
    plan_status = p[1], plan_pauses = p[2] == '1', plan_cancels = p[3] == '1', plan_forward = p[4] == 'forward',
    timed = p[5] ~= false,
    -- The freeze that it waits for; whether a person lets it, or its plan, pass all of them.
    frozen_by = f.frozenBy, passes_freezes = f.freezeOverride ~= nil or p[6] ~= false,
    -- Its groups; the one for which it stands in their lines; its plan's priority.
    groups = f.groups or '', group_for = f.groupFor, priority = tonumber(p[7] or 0),
    -- How many its plan counts in its state; nil once it has moved.
    counted = tonumber(p[COUNT_AT[f.status]] or 0),
    -- All of it, as it was when it was read.
    record = f,
  }
  -- Of these only a priority may be below 0.
  local is_sound = PLAN_KNOWN[p[1]] and p[9] and p[10] and p[11] and WHOLE.is_whole(string.gsub(p[7] or '0', '^%-', ''))
  for _, name in ipairs(NUMBERS) do is_sound = is_sound and (not f[name] or WHOLE.is_whole(f[name])) end
  for i = 8, #p do is_sound = is_sound and (not p[i] or WHOLE.is_whole(p[i])) end
  is_sound = is_sound and task.legs and math.max(task.stage, task.legs, task.touched) <= MOST_STAGES
  if not (is_sound and (task.touched > 0 or not task.rollback) and WHOLE.can_tell(plan_id)) then return nil, true end
  ASKED.numbers[plan_id] = true
  return task
end

-- Whether anybody has asked for something that is done at a boundary. Task and plan as they were read.
local function is_asked_to_stop(task)
  return task.status == TASK.RUNNING and (task.rollback or task.cancel or task.pause or task.plan_cancels
    or task.plan_pauses or task.plan_status == PLAN.ROLLING_BACK)
end

local function emit_task(kind, task, data, stage)
  emit(kind, task.plan, task.id, task.tenant, stage or '', data or '{}')
end

-- Names of the plan's stages; who asks for one mostly asks for the next.
local function stage_name(task, index, step)
  local names = task.stage_names or {}
  if not names[index] then
    local found = redis.call('HMGET', K.plan(task.plan), 'stage:' .. index, 'stage:' .. index + step)
    names[index], names[index + step] = found[1], found[2]
    task.stage_names = names
  end
  -- One that a hand has taken out is told by its place: an event without a name could be read by nobody.
  return (names[index] or '') ~= '' and names[index] or '(stage ' .. index + 1 .. ')'
end

-- Name of the plan stage that a leg works on: a rollback takes the touched stages from the last to the first,
-- unless the plan says forward.
local function stage_of(task, leg)
  local goes_back = task.status == TASK.ROLLING_BACK and not task.plan_forward
  local index = goes_back and task.legs - 1 - leg or leg
  if index < 0 then return index, '' end
  return index, stage_name(task, index, goes_back and -1 or 1)
end
