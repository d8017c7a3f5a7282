-- Writes the windows of the coming weeks into the record of a freeze that recurs.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, freezes, freezes-now (hashes), freeze-times, thawing,
--       frozen:{freeze} (zsets)
-- ARGV  1 id of the freeze  2 its record as it was read  3 the record with more windows
-- CODES WRITTEN | STALE (it was lifted, or another coordinator was quicker)
-- EVENTS none
-- @include keys
-- @include freeze

local id, known, record = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', K.freezes(), id) ~= known then return {'STALE'} end
redis.call('HSET', K.freezes(), id, record)
look_at_record(id)
return {'WRITTEN'}
