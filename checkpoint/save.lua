-- Keeps a checkpoint unless a newer one is kept.
-- KEYS  1 the checkpoint (string, JSON)
-- ARGV  1 the checkpoint as JSON  2 its epoch  3 its completed stages
-- CODES SAVED | OLDER (a newer one is kept)
-- EVENTS none
local key, text, epoch, stages = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local known = redis.call('GET', key)
if known then
  -- What a hand has made into no checkpoint is older than any.
  local whole, newer = pcall(function()
    local kept = cjson.decode(known)
    return kept.epoch > epoch or (kept.epoch == epoch and kept.completed_stages > stages)
  end)
  if whole and newer then return 'OLDER' end
end
redis.call('SET', key, text)
return 'SAVED'
