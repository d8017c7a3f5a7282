-- What metrics are made of: counters that only rise, in the write of what they count. A purge leaves them.
-- @include keys

-- What a hand has damaged there is not counted, and stops nothing.
local function count(field, number) redis.pcall('HINCRBY', K.counters(), field, number) end

-- One more duration, in ms: the bucket is the smallest power of two that it fits in, from 8 ms to about 70 minutes (what
-- is longer counts in the last one, past the others).
local function observe(name, ms)
  ms = math.max(math.floor(ms), 0)
  local fraction, power = math.frexp(ms)
  if fraction == 0.5 then power = power - 1 end
  count(name .. ':' .. math.min(math.max(power, 3), 23), 1)
  count(name .. ':sum', ms)
end
