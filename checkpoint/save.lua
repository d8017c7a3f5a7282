-- Keeps a checkpoint unless a newer one is kept.
-- KEYS  1 the checkpoint (string, JSON)
-- ARGV  1 the checkpoint as JSON  2 its epoch  3 its completed stages
-- CODES SAVED | OLDER (a newer one is kept)
-- EVENTS none
local key, text, epoch, stages = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local known = redis.call('GET', key)
if known then
  local kept = cjson.decode(known)
  if kept.epoch > epoch or (kept.epoch == epoch and kept.completed_stages > stages) then return 'OLDER' end
end
redis.call('SET', key, text)
return 'SAVED'
