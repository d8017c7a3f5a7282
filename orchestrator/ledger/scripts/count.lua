-- Adds what a process has counted by itself since its last call: times of steps, which no other script sees.
-- KEYS  1 the namespace's root. Touches settings, counters (hashes), batch:{process} (string)
-- ARGV  1 host:pid and start of the process  2 number of the batch  3... counter and number, in turn
-- CODES COUNTED | REPEATED (the answer to this very call was lost)
-- EVENTS none
-- @include keys
-- @include counters

local process, batch = ARGV[1], ARGV[2]

if redis.call('GET', K.batch(process)) == batch then return {'REPEATED'} end
redis.call('SET', K.batch(process), batch, 'EX', 60)
for i = 3, #ARGV, 2 do count(ARGV[i], ARGV[i + 1]) end
return {'COUNTED'}
