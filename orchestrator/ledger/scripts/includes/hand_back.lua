-- Turns that workers gave back because they cannot run them: why, by whom and how often is kept until one can.
-- @include keys
-- @include event

-- How long nobody tries: doubling from the first to the longest.
local FIRST_BACK_MS, LONGEST_BACK_MS = 500, 30000

local function last_hand_back(task)
  local ok, known = pcall(cjson.decode, redis.call('HGET', K.task(task.id), 'handedBack') or '{}')
  return ok and type(known) == 'table' and known or {}
end

local function was_handed_back_by(task, worker)
  return task.handed_back and last_hand_back(task).worker == worker
end

-- How often it was, this time included.
local function note_hand_back(task, why, what, worker)
  local times = (tonumber(last_hand_back(task).times) or 0) + 1
  redis.call('HSET', K.task(task.id), 'handedBack', cjson.encode({
    times = times, why = why, what = what, worker = worker, at = WALL,
  }))
  redis.call('ZADD', K.handed_back(), NOW, task.id)
  return times
end

-- One could, or the task needs none any more.
local function forget_hand_back(task)
  if not task.handed_back then return end
  redis.call('HDEL', K.task(task.id), 'handedBack')
  redis.call('ZREM', K.handed_back(), task.id)
  task.handed_back = false
end
