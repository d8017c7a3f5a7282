-- What is kept of turns that workers gave back (see hand_back) goes when one can run them, or the task needs none any more.
-- @include keys
-- @include event
-- @include sound

-- Only people are told of it: where a hand has damaged it, nothing is noted.
local function note_hand_back(task_id)
  sound(function() redis.call('ZADD', K.handed_back(), NOW, task_id) end)
end

-- @rare
local function drop_hand_back(task_id)
  sound(function() redis.call('ZREM', K.handed_back(), task_id) end)
end

local function forget_hand_back(task)
  if not task.handed_back then return end
  redis.call('HDEL', K.task(task.id), 'handedBack')
  drop_hand_back(task.id)
  task.handed_back = false
end
