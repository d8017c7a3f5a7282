-- Makes a token of the console. What has expired a month ago is forgotten, so that they do not grow with time.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, tokens (hashes), seq,
--       epoch, request:{request} (strings), ended, ready, freeze-times, thawing, lined (zsets), active (set), feed,
--       own-log, audit (streams)
-- ARGV  1 name  2 actor  3 reason  4 request id  5 what is asked, in words  6 id  7 role  8 digest of its secret
--       9 how long it lasts, in ms; '' for ever  10 '1' takes the place of another of this name
-- CODES ACCEPTED, '', '', its id, a blank, and the record as JSON | REFUSED, '', taken | REFUSED, '', full, how many |
--       REPEATED, the first answer to this request id
-- EVENTS TokenCreated TokenRevoked
-- @include keys
-- @include operation
-- @include whole
-- @include token
-- @include request

local EXPIRED_KEPT_MS = 30 * 86400000
local MOST_TOKENS = 1000

local name, actor, id, role, digest, lasts, replaces = ARGV[1], ARGV[2], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

WHOLE.ask_own_events()
local stale, same, number = {}, {}, 0
for other, record in pairs(read_tokens()) do
  number = number + 1
  local ended = type(record.expiresAt) == 'number' and record.expiresAt <= WALL
  if record.name == name then
    if replaces ~= '1' and not ended then return {'REFUSED', '', 'taken'} end
    same[#same + 1] = other
  elseif ended and record.expiresAt <= WALL - EXPIRED_KEPT_MS then
    stale[#stale + 1] = other
  end
end
if number - #same - #stale >= MOST_TOKENS then return {'REFUSED', '', 'full', number} end
ask_first()
for _, other in ipairs(stale) do redis.call('HDEL', K.tokens(), other) end
for _, other in ipairs(same) do revoke_token(other, name, actor, 'another takes its place') end
local record = {name = name, role = role, digest = digest, createdAt = WALL, createdBy = actor}
if lasts ~= '' then record.expiresAt = WALL + tonumber(lasts) end
local text = cjson.encode(record)
redis.call('HSET', K.tokens(), id, text)
emit_own('TokenCreated', '{"name":' .. cjson.encode(name) .. ',"role":' .. cjson.encode(role) .. ',"actor":'
  .. cjson.encode(actor) .. ',"expiresAt":' .. (record.expiresAt and int(record.expiresAt) or 'null') .. '}')
return {'ACCEPTED', '', '', id .. ' ' .. text}
