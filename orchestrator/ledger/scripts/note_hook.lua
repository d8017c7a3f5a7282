-- Notes how far a webhook's sender is, what an attempt came to, and a notification that was given up: in one write.
-- KEYS  1 the namespace's root. Touches clock, settings, hook:{hook} (hashes), hook-dead:{hook}, hook-again:{hook}
--       (zsets)
-- ARGV  1 name of the hook  2 who sends  3 fields as JSON, '' takes one out  4 what is added to its counts, as JSON
--       5 ms until the next attempt, '' for none  6 the notification that is given up, as JSON, or ''  7 its sequence id
--       8 the one that was to be sent again and is done with, or ''
-- CODES NOTED | LOST (another coordinator sends, or nobody)
-- EVENTS none
-- @include keys
-- @include clock

local name, owner, fields, counts, delay_ms = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), cjson.decode(ARGV[4]), ARGV[5]
local letter, number, done_with = ARGV[6], ARGV[7], ARGV[8]

local MOST_LETTERS = 1000

local hook = K.hook(name)
if redis.call('HGET', hook, 'owner') ~= owner then return {'LOST'} end
for field, value in pairs(fields) do
  if value == '' then redis.call('HDEL', hook, field) else redis.call('HSET', hook, field, value) end
end
for count, more in pairs(counts) do redis.call('HINCRBY', hook, count, more) end
if delay_ms ~= '' then redis.call('HSET', hook, 'nextAt', string.format('%.0f', NOW + delay_ms)) end
if delay_ms ~= '' and redis.call('HEXISTS', hook, 'failingSince') == 0 then
  redis.call('HSET', hook, 'failingSince', string.format('%.0f', WALL))
end
if done_with ~= '' then redis.call('ZREM', K.hook_again(name), done_with) end
if letter ~= '' then
  redis.call('ZADD', K.hook_dead(name), number, letter)
  local over = redis.call('ZCARD', K.hook_dead(name)) - MOST_LETTERS
  if over > 0 then
    for _, oldest in ipairs(redis.call('ZRANGE', K.hook_dead(name), 0, over - 1)) do
      redis.call('ZREM', K.hook_dead(name), oldest)
    end
    redis.call('HINCRBY', hook, 'dropped', over)
  end
end
return {'NOTED'}
