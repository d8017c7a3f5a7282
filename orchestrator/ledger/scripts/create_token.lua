-- Makes a token of the console. What has expired a month ago is forgotten, so that they do not grow with time.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, tokens (hashes), seq,
--       epoch (strings), ended, ready, freeze-times, thawing, lined (zsets), active (set), feed, own-log, audit
--       (streams)
-- ARGV  1 id  2 actor  3 name  4 role  5 digest of its secret  6 how long it lasts, in ms; '' for ever
--       7 '1' takes the place of another of this name
-- CODES MADE, the record as JSON | TAKEN | FULL, how many there are
-- EVENTS TokenCreated TokenRevoked
-- @include keys
-- @include event
-- @include whole
-- @include token

local KEPT_MS = 30 * 86400000
local MOST_TOKENS = 1000

local id, actor, name, role, digest, lasts, replaces = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]

WHOLE.ask_own_events()
local stale, same, number = {}, {}, 0
for other, record in pairs(read_tokens()) do
  number = number + 1
  local ended = type(record.expiresAt) == 'number' and record.expiresAt <= WALL
  if record.name == name then
    if replaces ~= '1' and not ended then return {'TAKEN'} end
    same[#same + 1] = other
  elseif ended and record.expiresAt <= WALL - KEPT_MS then
    stale[#stale + 1] = other
  end
end
if number - #same - #stale >= MOST_TOKENS then return {'FULL', number} end
for _, other in ipairs(stale) do redis.call('HDEL', K.tokens(), other) end
for _, other in ipairs(same) do revoke_token(other, name, actor, 'another takes its place') end
local record = {name = name, role = role, digest = digest, createdAt = WALL, createdBy = actor}
if lasts ~= '' then record.expiresAt = WALL + tonumber(lasts) end
local text = cjson.encode(record)
redis.call('HSET', K.tokens(), id, text)
emit_own('TokenCreated', '{"name":' .. cjson.encode(name) .. ',"role":' .. cjson.encode(role) .. ',"actor":'
  .. cjson.encode(actor) .. ',"expiresAt":' .. (record.expiresAt and int(record.expiresAt) or 'null') .. '}')
return {'MADE', text}
