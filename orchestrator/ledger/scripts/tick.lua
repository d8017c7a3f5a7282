-- A coordinator's look at the clock: says what time it is and whether leases may be swept now. After Redis was away
-- (another run id) or no coordinator ticked for longer than a lease, workers first get one lease of time to renew.
-- KEYS  1 the namespace's root. Touches clock, settings (hashes)
-- ARGV  1 the server's run id  2 ms by which the clock ran ahead of the caller's between its last two ticks, or 0
--       3 the offset that it saw there: nothing is taken out twice  4... name, value of each of its settings, in turn
-- CODES SWEEP, ledger time in ms, offset in ms, 1 if the ledger has its settings | GRACE, the same
-- EVENTS none
-- @include keys
-- @include settings
-- @include clock
-- @include grace
-- @include whole

local run_id, excess_ms, seen_offset = ARGV[1], tonumber(ARGV[2]), ARGV[3]

-- A setting that a hand has damaged, or taken out, is put right. Not which groups have limits: the coordinator that started
-- last has said it, and one that has none is right so.
local known, is_now = redis.pcall('HGETALL', K.settings()), {}
for i = 1, #known, 2 do is_now[known[i]] = known[i + 1] end
for i = 4, #known > 0 and #ARGV or 0, 2 do
  local text = is_now[ARGV[i]]
  if (text or not string.find(ARGV[i], '^GROUP:')) and not WHOLE.number(text) then
    redis.call('HSET', K.settings(), ARGV[i], ARGV[i + 1])
  end
end

local f = redis.call('HMGET', K.clock(), 'runId', 'tickAt', 'offset')
local offset = f[3] or '0'
if excess_ms > 0 and excess_ms <= LONGEST_SILENCE_MS and offset == seen_offset then
  -- NOW stands still until the true time has caught up with it.
  TRUE_NOW, offset = TRUE_NOW - excess_ms, string.format('%.0f', tonumber(offset) - excess_ms)
  redis.call('HSET', K.clock(), 'offset', offset, 'at', TRUE_NOW, 'floor', NOW)
end
if f[1] and (f[1] ~= run_id or TRUE_NOW - tonumber(f[2]) > SETTINGS.LEASE_MS) then set_grace(NOW) end
redis.call('HSET', K.clock(), 'runId', run_id, 'tickAt', TRUE_NOW)
return {in_grace() and 'GRACE' or 'SWEEP', TRUE_NOW, tonumber(offset), redis.call('EXISTS', K.settings())}
