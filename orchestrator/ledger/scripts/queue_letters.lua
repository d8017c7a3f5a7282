-- Has notifications of a webhook sent again: those that were given up, or a test.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now (hashes), seq, epoch
--       (strings), ended, ready, freeze-times, thawing, lined, hooks, hook-dead:{hook}, hook-again:{hook} (zsets),
--       active (set), feed, own-log, audit (streams)
-- ARGV  1 name of the hook  2 actor  3 reason  4 what is asked for; '' for what goes on with a request that is told
--       already  5 of how many notifications  6... sequence id and notification as JSON, in turn
-- CODES QUEUED, how many | MISSING (there is no such hook)
-- EVENTS WebhookRequested
-- @include keys
-- @include event
-- @include whole
-- @include hook_request

local name, actor, reason, operation, asked = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- As many as there may be dead letters.
local MOST = 1000

WHOLE.ask_own_events()
if not redis.call('ZSCORE', K.hooks(), name) then return {'MISSING'} end
local free, queued = MOST - redis.call('ZCARD', K.hook_again(name)), 0
for i = 6, #ARGV, 2 do
  if queued < free then
    redis.call('ZADD', K.hook_again(name), ARGV[i], ARGV[i + 1])
    redis.call('ZREM', K.hook_dead(name), ARGV[i + 1])
    queued = queued + 1
  end
end
if operation ~= '' then tell_request(name, operation, tonumber(asked), actor, reason) end
return {'QUEUED', queued}
