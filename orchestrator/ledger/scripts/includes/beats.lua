-- When each stage that has started last gave a sign of life, or, between two polls, when the next one is due.
-- @include keys

local function note_beat(task, at_ms) redis.call('ZADD', K.beats(), at_ms, task.id) end

local function forget_beat(task) redis.call('ZREM', K.beats(), task.id) end
