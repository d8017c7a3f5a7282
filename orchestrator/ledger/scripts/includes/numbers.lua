-- Numbers of a plan's record, and of its waves there, whatever a hand has made of them. One that is none ends the verb, or
-- its work on one task, by the name of the key (see whole). What a write adds to, or goes by later, is asked for before it.
-- @include keys
-- @include whole_plan
-- @include task_id

-- What fields of the plan's record that tell of one of its waves begin with; '' of the whole plan.
local function part_of(wave) return wave and 'wave:' .. string.format('%d', wave) .. ':' or '' end

-- One of them as it was read; nil when it is not there.
local function number_in(plan_id, text)
  if not WHOLE.is_whole(text) then WHOLE.damaged(K.plan(plan_id)) end
  return tonumber(text or nil)
end

-- Some of them; false for one that is not there.
local function numbers_of(plan_id, ...)
  local found = redis.call('HMGET', K.plan(plan_id), ...)
  for i, text in ipairs(found) do found[i] = number_in(plan_id, text) or false end
  return found
end

-- Of those that must be there.
-- @rare
local function ask_there(plan_id, ...)
  for _, number in ipairs(numbers_of(plan_id, ...)) do
    if not number then WHOLE.damaged(K.plan(plan_id)) end
  end
end

-- How many tasks the plan has, as it was read.
-- @rare
local function total_in(plan_id, text) return place_of(text) or WHOLE.damaged(K.plan(plan_id)) end

-- What is counted of tasks beside their states; of a wave as of its plan.
local COUNTED_BESIDE = {'rollbackRequested', 'accepted', 'acceptedFailed', 'skipped', 'takenBack', 'sentBack'}

-- All that count_task may be asked for by a move of the task, or by what comes with it, but for the states of its plan, which
-- were asked for when it was read, and those of its wave between which it moves.
local function ask_counts(task)
  local of = task.plan .. ' ' .. (task.wave or '')
  if ASKED.counts[of] then return end
  local fields, part = {}, task.wave and part_of(task.wave)
  for _, name in ipairs(COUNTED_BESIDE) do
    fields[#fields + 1] = 'n:' .. name
    if part then fields[#fields + 1] = part .. 'n:' .. name end
  end
  numbers_of(task.plan, unpack(fields))
  ASKED.counts[of] = true
end

-- All that it counts of its tasks, for a verb that reads many of them: without these it could read none; and what is written
-- to for them.
-- @rare
local function ask_all_counts(plan_id)
  WHOLE.ask_plan_events(plan_id)
  numbers_of(plan_id, 'total', 'max', 'stages', 'planSeq', 'n:lined', COUNT.PENDING, COUNT.RUNNING, COUNT.PAUSED,
    COUNT.COMPLETED, COUNT.FAILED, COUNT.CANCELLED, COUNT.ROLLING_BACK, COUNT.ROLLED_BACK, COUNT.ROLLBACK_FAILED)
  ask_counts({plan = plan_id})
end

-- What people are told by, and nothing else goes by: where a hand has damaged it, it is counted anew.
local function count_on(plan, field, more)
  if not WHOLE.is_whole(redis.call('HGET', plan, field)) then redis.call('HDEL', plan, field) end
  return redis.call('HINCRBY', plan, field, more)
end
