-- A coordinator's settings, which all scripts go by from now on.
-- KEYS  1 the namespace's root. Touches settings (hash)
-- ARGV  name, value of each, in turn
-- CODES ANNOUNCED
-- EVENTS none
-- @include keys
-- @include clock

for i = 1, #ARGV, 2 do redis.call('HSET', K.settings(), ARGV[i], ARGV[i + 1]) end
return {'ANNOUNCED'}
