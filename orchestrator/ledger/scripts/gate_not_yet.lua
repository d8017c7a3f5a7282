-- An HTTP gate has said "not yet", or could not be asked: it is asked again after its interval.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan} (hashes), awaited (zset)
-- ARGV  1 plan id  2 wave, by its index  3 number of the question  4 what it said, in words
-- CODES AGAIN | OVERDUE (it has been asked for long enough: the caller rejects) | STALE
-- EVENTS none
-- @include keys
-- @include gate_ask

local plan_id, wave, question = ARGV[1], tonumber(ARGV[2]), ARGV[3]

if not is_asked(plan_id, wave, question) then return {'STALE'} end
local gate = read_gate(plan_id, wave)
if not gate then return {'STALE'} end
local left = gate_time_left(plan_id)
if left <= 0 then return {'OVERDUE'} end
redis.call('HSET', K.plan(plan_id), 'gateSaid', ARGV[4], 'gateSaidAt', int(WALL), 'gateAgain', 0)
ask_gate_in(plan_id, gate.interval, left)
return {'AGAIN'}
