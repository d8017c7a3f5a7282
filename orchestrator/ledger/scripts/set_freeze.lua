-- Sets a freeze: from the first moment of its windows on, no move that it covers is admitted (I15).
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now (hashes), seq, epoch,
--       request:{request} (strings), ended, ready, freeze-times, thawing, lined, frozen:{freeze} (zsets), active (set),
--       feed, own-log, audit (streams)
-- ARGV  1 '' (it stands for no plan and no task)  2 actor  3 reason  4 request id  5 what is asked, in words
--       6 the record as JSON  7 what the event tells, as JSON without its closing brace
-- CODES ACCEPTED, its record, '', id of the freeze | REFUSED, '', why, how many there are |
--       REPEATED, the first answer to this request id
-- EVENTS FreezeSet
-- @include keys
-- @include operation
-- @include freeze
-- @include fleet_format
-- @include whole
-- @include request

-- As many as an admission may have to look at.
local MOST_FREEZES = 200

local actor, reason, record, event = ARGV[2], ARGV[3], cjson.decode(ARGV[6]), ARGV[7]

WHOLE.ask_own_events()
look_at_freezes()
local count_now = #redis.call('HGETALL', K.freezes()) / 2
if count_now >= MOST_FREEZES then return {'REFUSED', '', 'too-many-freezes', count_now} end
ask_first()
local id = 'freeze-' .. int(redis.call('HINCRBY', K.meta(), 'freezes', 1))
need_fleet_format()
redis.call('HSET', K.freezes(), id, ARGV[6])
emit_own('FreezeSet', event .. ',"freezeId":"' .. id .. '","actor":' .. cjson.encode(actor) .. ',"reason":'
  .. cjson.encode(reason) .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null') .. '}')
look_at_record(id)
return {'ACCEPTED', ARGV[6], '', id}
