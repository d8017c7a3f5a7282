-- Has notifications of a webhook sent again: those that were given up, or a test.
-- KEYS  1 the namespace's root. Touches settings (hash), hooks, hook-dead:{hook}, hook-again:{hook} (zsets)
-- ARGV  1 name of the hook  2... sequence id and notification as JSON, in turn
-- CODES QUEUED, how many | MISSING (there is no such hook)
-- EVENTS none
-- @include keys

local name = ARGV[1]

-- As many as there may be dead letters.
local MOST = 1000

if not redis.call('ZSCORE', K.hooks(), name) then return {'MISSING'} end
local free, queued = MOST - redis.call('ZCARD', K.hook_again(name)), 0
for i = 2, #ARGV, 2 do
  if queued < free then
    redis.call('ZADD', K.hook_again(name), ARGV[i], ARGV[i + 1])
    redis.call('ZREM', K.hook_dead(name), ARGV[i + 1])
    queued = queued + 1
  end
end
return {'QUEUED', queued}
