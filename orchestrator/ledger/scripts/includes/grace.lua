-- Whether leases and deadlines must be left alone: after an outage, workers first get time to renew and to record.
-- @include keys
-- @include clock

local function in_grace() return NOW < tonumber(redis.call('HGET', K.clock(), 'sweepNotBefore') or 0) end
