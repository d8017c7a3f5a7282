-- Writes a key of the user's for the holder of an epoch, and refuses an older holder.
-- KEYS[1]  <the user's key>           string (SET) or hash (HSET)
-- KEYS[2]  changeover:fence:{<key>}   hash: incarnation, epoch, writer ("<epoch> <tenant>"). No TTL: a fence that
--                                     died before its key would let an older holder in.
-- KEYS[3]  <the holder's key>         hash, in the ledger; only when the target is the ledger's own Redis
-- ARGV[1]  incarnation   ARGV[2]  epoch
-- ARGV[3]  SET or HSET   ARGV[4]  field ('' for SET)   ARGV[5]  value   ARGV[6]  TTL of the key in seconds, '' for none
-- ARGV[7]  holder field  ARGV[8]  the value that it must have   ARGV[9]  the tenant that writes, '' for unknown
-- Returns  a list that begins with
--          1 written
--          2 an epoch newer than ours has written this key; then that epoch, and its tenant ('' for unknown)
--          3 our epoch no longer holds the tenant
--          4 the key holds another type
-- Events   none: the target is not the ledger.

local key, fence, holder = KEYS[1], KEYS[2], KEYS[3]
local incarnation, epoch = ARGV[1], ARGV[2]
local verb, field, value, ttl = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local holder_field, holder_value, tenant = ARGV[7], ARGV[8], ARGV[9]

-- Epochs of another incarnation count from another start, so only our own are compared; another is replaced.
local seen = redis.call('HMGET', fence, 'incarnation', 'epoch', 'writer')
if seen[1] == incarnation and tonumber(seen[2] or 0) > tonumber(epoch) then
  -- A release that knew no writer moved the epoch on and left this as it was: then it is of another epoch.
  local of, writer = string.match(seen[3] or '', '^(%d+) (.*)$')
  return {2, seen[2], of == seen[2] and writer or ''}
end

if holder and redis.call('HGET', holder, holder_field) ~= holder_value then
  return {3}
end

-- SET would silently replace a hash with all its other fields, so that is refused as well.
local found = redis.call('TYPE', key).ok
if found ~= 'none' and found ~= (verb == 'SET' and 'string' or 'hash') then
  return {4}
end

redis.call('HSET', fence, 'incarnation', incarnation, 'epoch', epoch, 'writer', epoch .. ' ' .. tenant)
if verb == 'SET' then
  redis.call('SET', key, value)
else
  redis.call('HSET', key, field, value)
end
if ttl ~= '' then
  redis.call('EXPIRE', key, ttl)
end
return {1}
