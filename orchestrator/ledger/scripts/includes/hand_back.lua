-- What is kept of turns that workers gave back (see hand_back) goes when one can run them, or the task needs none any more.
-- @include keys
-- @include event

local function forget_hand_back(task)
  if not task.handed_back then return end
  redis.call('HDEL', K.task(task.id), 'handedBack')
  redis.call('ZREM', K.handed_back(), task.id)
  task.handed_back = false
end
