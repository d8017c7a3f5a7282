-- Scripts of before waves, freezes and limits would admit past them: see LEDGER in orchestrator/domain/formats.py.
-- @include keys

local FLEET_FORMAT = 2

local function need_fleet_format()
  -- What a hand has made of it is no number that anybody needs.
  if (tonumber(redis.call('HGET', K.settings(), 'NEEDS') or nil) or 1) < FLEET_FORMAT then
    redis.call('HSET', K.settings(), 'NEEDS', FLEET_FORMAT)
  end
end
