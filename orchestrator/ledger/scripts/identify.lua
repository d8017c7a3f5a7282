-- Who shows a token or a session at the console's door: the records, of one moment, for the caller to compare. Also how
-- long the address must wait, having failed too often. Writes nothing.
-- KEYS  1 the namespace's root. Touches settings, tokens, failures:{address} (hashes), session:{session} (string)
-- ARGV  1 address  2 id of the token, or ''  3 id of the session or link, or ''
-- CODES FOUND, now in ms, ms to wait, token's record as JSON, session's record as JSON ('' where there is none)
-- EVENTS none
-- @include keys

-- So many failures of all addresses in a minute make one of an address enough.
local MANY = 100

local address, token_id, session_id = ARGV[1], ARGV[2], ARGV[3]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local own = redis.call('HMGET', K.failures(address), 'number', 'until')
local wait = math.max((tonumber(own[2]) or 0) - now, 0)
if own[1] and (tonumber(redis.call('HGET', K.failures('all'), 'number')) or 0) > MANY then
  wait = math.max(wait, redis.call('PTTL', K.failures('all')))
end
local session = session_id ~= '' and redis.call('GET', K.session(session_id)) or ''
if session ~= '' then
  local read, record = pcall(cjson.decode, session)
  token_id = read and type(record) == 'table' and tostring(record.token) or ''
end
local token = token_id ~= '' and redis.call('HGET', K.tokens(), token_id) or ''
return {'FOUND', now, wait, token, session}
