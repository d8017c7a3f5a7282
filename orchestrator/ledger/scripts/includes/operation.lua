-- What every operation of a person shares: its event, and the last one kept for `status`.
-- @include keys
-- @include task
-- @include plan_end
-- @include wake
-- @include whole_plan

-- Id of the request that this call answers; '' when nobody asked from outside (see request.lua).
local REQUEST = ''

-- Fields of a plan's record; with `err` when a hand has made something else of it.
local function read_plan(plan_id, ...) return redis.pcall('HMGET', K.plan(plan_id), ...) end

-- Asked only what it would answer (see request.lua), a verb ends right before its first write.
local WOULD, ASKED_ONLY = {}, false
local function ask_first()
  if ASKED_ONLY then error(WOULD, 0) end
end

-- What the verb would answer now: all its questions are asked, nothing is written. Which command helps is found this way,
-- so that none is named that would be refused.
local function would(act)
  ASKED_ONLY = true
  local done, answer = pcall(act)
  if done then return answer end
  if answer == WOULD then return {'ACCEPTED'} end
  error(answer, 0)
end

-- A plan can be given up also where its log is damaged: that is a way out.
local function ask_operation(operation, plan_id, task)
  WHOLE.ask_leases()
  WHOLE.ask_plan_move(plan_id)
  if task or operation ~= 'cancel' then WHOLE.ask_events(plan_id) end
end

-- What is told for as long as it lasts, whatever is asked after it: who stopped it, who gave it up, and why.
local KEPT_AS = {pause = 'pausedFor', cancel = 'cancelledFor', exclude = 'cancelledFor'}

local function keep_asked(operation, key, told, options)
  if operation == 'resume' then redis.call('HDEL', key, 'pausedFor') end
  local field = KEPT_AS[operation]
  -- A cancel that withdraws a rollback gives nothing up.
  if not field or (operation == 'cancel' and string.find(options, '"withdraws"', 1, true)) then return end
  redis.call('HSET', key, field, string.sub(told, 1, -2) .. ',"options":' .. options .. '}')
end

-- How often a plan was given up as a whole: what was asked before, and is still under way, knows by it. Times do not tell:
-- a clock has several requests a millisecond, and may step.
local GIVES_UP = {cancel = 'cancels', rollback = 'rollbacks'}

local function count_giving_up(operation, plan)
  local field = GIVES_UP[operation]
  if field then redis.call('HSET', plan, field, (WHOLE.number(redis.call('HGET', plan, field)) or 0) + 1) end
end

-- Of a plan, or of a task: what was asked of it last.
local function keep_last(key, operation, actor, reason)
  local words = {cjson.encode(operation), cjson.encode(actor), cjson.encode(reason), int(WALL)}
  local told = string.format('{"operation":%s,"actor":%s,"reason":%s,"at":%s}', unpack(words))
  redis.call('HSET', key, 'lastOperation', told)
  return told
end

-- The first write of all that is accepted.
local function emit_operation(operation, plan_id, task, actor, reason, options)
  ask_operation(operation, plan_id, task)
  ask_first()
  emit('OperationRequested', plan_id, task and task.id or '', task and task.tenant or '', '',
    '{"operation":' .. cjson.encode(operation) .. ',"targetType":"' .. (task and 'task' or 'plan') .. '","targetId":'
    .. cjson.encode(task and task.id or plan_id) .. ',"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason)
    .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null')
    .. ',"options":' .. (options or '{}') .. '}')
  -- What a hand has damaged or deleted is left as it is.
  if task and task.remains then return end
  local key = task and K.task(task.id) or K.plan(plan_id)
  keep_asked(operation, key, keep_last(key, operation, actor, reason), options or '{}')
  if not task then count_giving_up(operation, key) end
end

-- Why the plan lets nobody stop an open task of it, or go on with it; nil when it does.
local function plan_forbids(task)
  if task.plan_status == PLAN.CREATED then return 'draft' end
  if task.status ~= TASK.PENDING and task.status ~= TASK.RUNNING and task.status ~= TASK.PAUSED then return nil end
  if task.plan_status == PLAN.ROLLING_BACK then return 'plan-rolling-back' end
  return task.plan_cancels and 'plan-cancelled' or nil
end

-- There is no boundary left to stop at: it ends with the stage that runs.
local function is_in_last_stage(task) return task.stage_started and task.stage == task.legs - 1 end

-- An ended plan runs again when one of its tasks is retried or rolled back alone: its move, asked of the table; nil for
-- one that has not ended.
local function ask_reopening(task)
  if not PLAN_ENDED[task.plan_status] then return nil end
  return ask_plan({id = task.plan, status = task.plan_status}, 'reopen')
end

local function reopen_plan(move)
  if not move then return end
  local plan = K.plan(move.id)
  local undone = tonumber(redis.call('HGET', plan, 'passed') or nil)
  move_plan(move)
  redis.call('HDEL', plan, 'endedAt', 'durationMillis', 'cancelRequested', 'cancelledBy', 'cancelCursor', 'rollbackGivenUp', 'tripped')
  redis.call('SADD', K.active(), move.id)
  redis.call('ZREM', K.ended(), move.id)
  if undone then stop_waiting_of_wave(move.id, undone) end
  emit_plan('PlanReopened', move.id)
end

-- Puts the task into its plan's queue at a new place of the class.
local function enqueue(task, rank)
  task.rank = rank
  redis.call('HSET', K.task(task.id), 'rank', int(rank))
  redis.call('ZADD', K.queue(task.plan), rank, task.id)
  wake_plan(task.plan)
end

local function next_ticket() return redis.call('HINCRBY', K.meta(), 'ticket', 1) end
