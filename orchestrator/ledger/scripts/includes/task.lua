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

-- Whether the number of the plan's last event is one that the next event can follow: else a state would change and its
-- event be refused (I6).
local function can_count(text)
  local number = tonumber(text or 0)
  return number and (not text or int(number) == text)
end

-- The record with the defaults of fields not yet written; nil when there is no such task, or no such plan, or a hand
-- has made of either what no script can work with (I19): then there is nothing that could be done with the task. Then
-- also whether it may go on once that is mended.
local function read_task(task_id)
  WHOLE.ask_leases()
  local plan_id, position = plan_of(task_id), position_of(task_id)
  if not plan_id then return nil end
  -- The last of each are looked at only here: no numbers, they would stop a write half-way.
  local f = redis.pcall('HMGET', K.task(task_id), 'status', 'tenant', 'epoch', 'stage', 'turn', 'lease', 'legs',
    'touched', 'rank', 'pauseRequested', 'cancelRequested', 'rollbackRequested', 'stageStarted', 'startedAt',
    'attempt', 'retrying', 'forced', 'republished', 'retries', 'handedBack', 'frozenBy', 'freezeOverride', 'wave',
    'groups', 'groupFor', 'seen', 'accepted', 'policyBack',
    'stageStartedAt', 'admittedAt', 'queuedAt', 'dueAt', 'beatAt', 'recoveries', 'rollbacks', 'pausedAt', 'pausedMillis',
    'ranMillis', 'ticket')
  if f.err or not f[1] or not f[2] then return nil end
  local p = redis.pcall('HMGET', K.plan(plan_id), 'status', 'pauseRequested', 'cancelRequested', 'stages',
    'rollbackOrder', 'timed', 'planSeq', 'freezeOverride', 'priority',
    'total', 'max', 'n:lined', 'n:rollbackRequested', 'n:PENDING', 'n:RUNNING', 'n:PAUSED', 'n:COMPLETED', 'n:FAILED',
    'n:CANCELLED', 'n:ROLLING_BACK', 'n:ROLLED_BACK', 'n:ROLLBACK_FAILED',
    'n:accepted')
  -- Being purged, or damaged: without its plan's record there is nothing that a task could do.
  if p.err or not p[1] then return nil end
  local wave = tonumber(f[23] or nil)
  local task = {
    id = task_id, plan = plan_id, status = f[1], tenant = f[2], epoch = tonumber(f[3] or 0),
    stage = tonumber(f[4] or 0), turn = tonumber(f[5] or 0), lease = f[6] or '', legs = tonumber(f[7] or p[4]),
    touched = tonumber(f[8] or 0), rank = tonumber(f[9] or RANK_MOVE + position + (wave or 0) * WAVE_BLOCK), wave = wave,
    pause = f[10] == '1', cancel = f[11] == '1', rollback = f[12] == '1', stage_started = f[13] == '1',
    started_at = tonumber(f[14] or 0), attempt = tonumber(f[15] or 1), retrying = f[16] or '', forced = f[17] == '1',
    republished = f[18] ~= false, retries = tonumber(f[19] or 0), handed_back = f[20] ~= false, seen = f[26] or nil,
    accepted = f[27] == '1', by_policy = f[28] == '1',
    -- The plan as it was when the task was read: for what is decided before anything is written.
    plan_status = p[1], plan_pauses = p[2] == '1', plan_cancels = p[3] == '1', plan_forward = p[5] == 'forward',
    timed = p[6] ~= false,
    -- The freeze that it waits for; whether a person lets it, or its plan, pass all of them.
    frozen_by = f[21] or nil, passes_freezes = (f[22] or p[8]) ~= false,
    -- Its groups; the one for which it stands in their lines; its plan's priority.
    groups = f[24] or '', group_for = f[25] or nil, priority = tonumber(p[9] or 0),
  }
  local is_sound = task.epoch and task.stage and task.turn and task.legs and task.touched and task.rank
    and task.started_at and task.attempt and task.retries and task.priority and can_count(p[7])
    and WHOLE.is_whole(f[18]) and p[10] and p[11]
  for i = #f - 10, #f do is_sound = is_sound and WHOLE.is_whole(f[i]) end
  for i = #p - 13, #p do is_sound = is_sound and WHOLE.is_whole(p[i]) end
  if not (is_sound and WHOLE.can_tell(plan_id)) then return nil, true end
  return task
end

local function emit_task(kind, task, data, stage)
  emit(kind, task.plan, task.id, task.tenant, stage or '', data or '{}')
end

-- Name of the plan stage that a leg works on: a rollback takes the touched stages from the last to the first,
-- unless the plan says forward.
local function stage_of(task, leg)
  local index = leg
  if task.status == 'ROLLING_BACK' and not task.plan_forward then index = task.legs - 1 - leg end
  if index < 0 then return index, '' end
  -- A name that a hand has deleted is told by its place: an event without one could be read by nobody.
  return index, redis.call('HGET', K.plan(task.plan), 'stage:' .. index) or '(stage ' .. index + 1 .. ')'
end
