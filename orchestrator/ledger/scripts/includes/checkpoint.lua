-- What is kept of a task for going on after its last good stage: from its first recorded stage to its good end. That of
-- a task that failed may be gone on from, so it is kept for a while; only an ended task's may expire.
-- @include keys
-- @include settings

local function keep_checkpoint(task, text) redis.call('SET', K.checkpoint(task.id), text) end

local function clear_checkpoint(task) redis.call('DEL', K.checkpoint(task.id)) end

local function let_checkpoint_expire(task) redis.call('PEXPIRE', K.checkpoint(task.id), SETTINGS.CHECKPOINT_TTL_MS) end

-- Whether a worker has found that its store has it no more: the marker alone is left, and whoever went on by it would fail
-- the same way.
-- @rare
local function has_lost_checkpoint(task)
  return string.match(task.record.failure or '', '"type"%s*:%s*"([^"]*)"') == 'CheckpointLost'
end

local function stop_checkpoint_expiry(task) redis.call('PERSIST', K.checkpoint(task.id)) end
