-- When each stage that has started last gave a sign of life, or, between two polls, when the next one is due. It is told
-- to people, and nothing goes by it: where a hand has damaged it, nothing is noted.
-- @include keys
-- @include sound
-- @include clock

local function note_beat(task, at_ms)
  sound(function() redis.call('ZADD', K.beats(), at_ms, task.id) end)
end

local function forget_beat(task)
  sound(function() redis.call('ZREM', K.beats(), task.id) end)
end

-- How many polls are not due yet.
local function polls_ahead()
  return sound(function() return redis.call('ZCOUNT', K.beats(), '(' .. string.format('%.0f', NOW), '+inf') end) or 0
end
