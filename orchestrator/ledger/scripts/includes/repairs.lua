-- How much the reconciler has put right: ever, and in each sixth of the last hour by the ledger's clock.
-- @include keys
-- @include clock

-- Told by orchestrator/ledger/repairs.py: each field holds which span it counts, so that an old count is known for one.
local SPAN_MS, SPANS = 600000, 6

local function note_repairs(number)
  redis.call('HINCRBY', K.meta(), 'reconcilerRepairs', number)
  local span = math.floor(NOW / SPAN_MS)
  local field = 'repairs:' .. span % SPANS
  local kept = redis.call('HGET', K.meta(), field) or ''
  local so_far = string.match(kept, '^' .. span .. ' (%d+)$') or 0
  redis.call('HSET', K.meta(), field, span .. ' ' .. so_far + number)
end
