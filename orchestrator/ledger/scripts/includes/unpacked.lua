-- Redis packs a hash of few, short values: then each field that is asked for is a walk over all of it. Two hashes of which
-- every stage asks for many are unpacked, by a value longer than what Redis packs. It goes at once, and the hash stays
-- unpacked until a server reads it anew; whatever it is, it says the same.
local PACKED_UP_TO = 64

-- What a hand has made something else of stays as it is.
local function unpack_hash(key)
  local long = string.rep('-', PACKED_UP_TO + 1)
  local added = redis.pcall('HSET', key, long, '')
  if type(added) == 'number' then redis.call('HDEL', key, long) end
end
