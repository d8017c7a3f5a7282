-- Lifts a freeze, before or in its window: who waits for it is put back into the queues.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now (hashes), seq, epoch,
--       request:{request} (strings), ended, ready, freeze-times, thawing, lined, frozen:{freeze} (zsets), active (set),
--       feed, own-log, audit (streams)
-- ARGV  1 id of the freeze  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, '', '', id | MISSING | REPEATED, the first answer to this request id
-- EVENTS FreezeLifted
-- @include keys
-- @include operation
-- @include freeze
-- @include whole
-- @include request

local id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

WHOLE.ask_own_events()
look_at_freezes()
if redis.call('HEXISTS', K.freezes(), id) == 0 then return {'MISSING'} end
ask_first()
emit_own('FreezeLifted', '{"freezeId":' .. cjson.encode(id) .. ',"actor":' .. cjson.encode(actor) .. ',"reason":'
  .. cjson.encode(reason) .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null') .. '}')
end_freeze(id)
return {'ACCEPTED', '', '', id}
