-- Every coordinator's sign of life; says whether leases may be swept now. After Redis was away (another run id) or no
-- coordinator ticked for longer than a lease, workers first get one lease of time to renew theirs.
-- KEYS  1 the namespace's root. Touches meta (hash), epoch (string)
-- ARGV  1 the server's run id
-- CODES SWEEP | GRACE
-- EVENTS none
-- @include keys
-- @include settings
-- @include clock

local LOST_EPOCHS = 100000

local meta, run_id = K.meta(), ARGV[1]

local f = redis.call('HMGET', meta, 'runId', 'tickAt', 'sweepNotBefore')
local not_before = tonumber(f[3] or 0)
-- Another server may lack the last writes of the one before it: epochs that it had given out are not given out again.
if f[1] and f[1] ~= run_id then redis.call('INCRBY', K.epoch(), LOST_EPOCHS) end
if f[1] and (f[1] ~= run_id or NOW - tonumber(f[2]) > LEASE_MS) then
  not_before = NOW + LEASE_MS
  redis.call('HSET', meta, 'sweepNotBefore', string.format('%.0f', not_before))
end
redis.call('HSET', meta, 'runId', run_id, 'tickAt', string.format('%.0f', NOW))
return {NOW < not_before and 'GRACE' or 'SWEEP'}
