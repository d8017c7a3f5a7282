-- A process' sign of life; says what time it is in the ledger.
-- KEYS  1 the namespace's root. Touches clock, settings, presence (hashes)
-- ARGV  1 role:host:pid  2 queues that it consumes, as JSON  3 seconds for which its broker has been silent
--       4 settings that it would go by, as JSON  5 stages that it runs at a time
--       6 what else it tells of itself, as a JSON object
-- CODES ALIVE, ledger time in ms, 1 if the entry was written: where a hand has damaged it, time goes on all the same
-- EVENTS none
-- @include keys
-- @include clock
-- @include sound

local process, queues, silent_seconds = ARGV[1], ARGV[2], ARGV[3]
local settings, slots, told = ARGV[4], ARGV[5] or 0, ARGV[6] or '{}'

local written = sound(redis.call, 'HSET', K.presence(), process,
  '{"at":' .. string.format('%.0f', RAW) .. ',"queues":' .. queues .. ',"silent":' .. silent_seconds
    .. ',"settings":' .. settings .. ',"slots":' .. slots .. ',"told":' .. told .. '}')
return {'ALIVE', TRUE_NOW, written and 1 or 0}
