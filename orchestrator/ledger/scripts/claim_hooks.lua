-- Has one coordinator send the notifications of each webhook; forgets those that nobody has had in the settings for long.
-- KEYS  1 the namespace's root. Touches clock, settings, hook:{hook} (hashes), seq (string), hooks, hook-dead:{hook},
--       hook-again:{hook} (zsets)
-- ARGV  1 who claims  2 for how long, in ms; 0 gives back what is the caller's  3... name of a hook and what it is, in turn
-- CODES CLAIMED, 1 for each hook that is the caller's and 0 for each that is another's
-- EVENTS none
-- @include keys
-- @include clock
-- @include sound

local owner, lease_ms = ARGV[1], tonumber(ARGV[2])

local KEPT_MS = 90 * 86400000
-- Where there were more, the others go at the next claim.
local AT_ONCE = 50

local function until_ms(ms) return string.format('%.0f', NOW + ms) end

local function claim(name, about)
  local held = redis.call('HMGET', K.hook(name), 'owner', 'ownerUntil')
  local is_held = held[1] and held[1] ~= owner and tonumber(held[2] or 0) > NOW
  redis.call('ZADD', K.hooks(), NOW, name)
  if is_held then return 0 end
  redis.call('HSET', K.hook(name), 'owner', owner, 'ownerUntil', until_ms(lease_ms), 'about', about)
  -- A new one begins behind what there is.
  redis.call('HSETNX', K.hook(name), 'beganAt', redis.call('GET', K.seq()) or '0')
  return 1
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', K.hooks(), '-inf', NOW - KEPT_MS, 'LIMIT', 0, AT_ONCE)) do
  redis.call('UNLINK', K.hook(name), K.hook_dead(name), K.hook_again(name))
  redis.call('ZREM', K.hooks(), name)
end
local claimed = {}
for i = 3, #ARGV, 2 do claimed[#claimed + 1] = sound(claim, ARGV[i], ARGV[i + 1]) or 0 end
return {'CLAIMED', claimed}
