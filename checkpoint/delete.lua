-- Forgets a checkpoint, unless a newer one than the caller knows of is kept.
-- KEYS  1 the checkpoint (string, JSON)
-- ARGV  1 the highest epoch to forget
-- CODES DELETED | NEWER (a later holder's is kept) | NONE
-- EVENTS none
local key, epoch = KEYS[1], tonumber(ARGV[1])

local known = redis.call('GET', key)
if not known then return 'NONE' end
-- What a hand has made into no checkpoint is older than any.
local whole, newer = pcall(function() return cjson.decode(known).epoch > epoch end)
if whole and newer then return 'NEWER' end
redis.call('DEL', key)
return 'DELETED'
