-- Somebody failed to sign in at the console: counted for the address and for all, so that it has to wait, but for who
-- shows what was right once and guesses nothing; told in the log, within bounds, since events of strangers must not push
-- out those of plans.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, failures:{address}
--       (hashes), seq, epoch (strings), ended, ready, freeze-times, thawing, lined (zsets), active (set), feed,
--       own-log, audit (streams)
-- ARGV  1 address  2 what was shown: token, session or link  3 '1': it may be a guess
-- CODES NOTED, failures of the address, ms that it has to wait now
-- EVENTS SignInFailed
-- @include keys
-- @include event
-- @include whole

local MINUTE_MS, KEPT_MS, LONGEST_MS = 60000, 900000, 60000
-- Beyond so many in a minute, of all addresses, no new one is remembered: what they take is bounded.
local MOST_A_MINUTE = 1000
-- So many of an address are free; each further one doubles the wait.
local FREE = 10
-- So many events in a quarter of an hour; the consoles' own logs tell of the others.
local MOST_TOLD = 20

local address, shown, number, wait = ARGV[1], ARGV[2], 0, 0

WHOLE.ask_own_events()
if ARGV[3] == '1' then
  local of_all = redis.call('HINCRBY', K.failures('all'), 'number', 1)
  if of_all == 1 then redis.call('PEXPIRE', K.failures('all'), MINUTE_MS) end
  if of_all > MOST_A_MINUTE then return {'NOTED', 0, 0} end
  number = redis.call('HINCRBY', K.failures(address), 'number', 1)
  if number >= FREE then
    wait = math.min(LONGEST_MS, 1000 * 2 ^ (number - FREE))
    redis.call('HSET', K.failures(address), 'until', int(RAW + wait))
  end
  redis.call('PEXPIRE', K.failures(address), KEPT_MS)
end
local told = redis.call('HINCRBY', K.failures('told'), 'number', 1)
if told == 1 then redis.call('PEXPIRE', K.failures('told'), KEPT_MS) end
if told <= MOST_TOLD then
  emit_own('SignInFailed', '{"address":' .. cjson.encode(address) .. ',"shown":' .. cjson.encode(shown) .. ',"failures":'
    .. int(number) .. '}')
end
return {'NOTED', number, wait}
