-- Tokens of the console: their records by id. A damaged record is nobody's token.
-- @include keys
-- @include event

local function read_tokens()
  local found, entries = {}, redis.call('HGETALL', K.tokens())
  for i = 1, #entries, 2 do
    local read, record = pcall(cjson.decode, entries[i + 1])
    found[entries[i]] = read and type(record) == 'table' and record or {}
  end
  return found
end

-- Whatever stands on it (sessions, links) finds it gone.
local function revoke_token(id, name, actor, reason)
  redis.call('HDEL', K.tokens(), id)
  emit_own('TokenRevoked', '{"name":' .. cjson.encode(name) .. ',"actor":' .. cjson.encode(actor) .. ',"reason":'
    .. cjson.encode(reason) .. '}')
end
