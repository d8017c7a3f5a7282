-- Has a webhook that was switched off by its receiver, or that waits after failures, tried at once.
-- KEYS  1 the namespace's root. Touches settings, hook:{hook} (hashes), hooks (zset)
-- ARGV  1 name of the hook
-- CODES ENABLED | MISSING (there is no such hook)
-- EVENTS none
-- @include keys

local name = ARGV[1]

if not redis.call('ZSCORE', K.hooks(), name) then return {'MISSING'} end
redis.call('HDEL', K.hook(name), 'disabled', 'nextAt', 'failures')
return {'ENABLED'}
