-- Makes a link that signs in once, as a token that there is.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, tokens (hashes), seq,
--       epoch, session:{session} (strings), ended, ready, freeze-times, thawing, lined (zsets), active (set), feed,
--       own-log, audit (streams)
-- ARGV  1 id of the link  2 actor  3 name of the token  4 digest of the link's secret  5 how long it lasts, in ms
-- CODES MADE | MISSING (there is no such token, or it has expired)
-- EVENTS SignInLinkMade
-- @include keys
-- @include event
-- @include whole
-- @include token

local id, actor, name, digest, lasts = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

WHOLE.ask_own_events()
for token, record in pairs(read_tokens()) do
  local ended = type(record.expiresAt) == 'number' and record.expiresAt <= WALL
  if record.name == name and not ended then
    redis.call('SET', K.session(id), cjson.encode({kind = 'link', token = token, digest = digest}), 'PX', lasts)
    emit_own('SignInLinkMade', '{"name":' .. cjson.encode(name) .. ',"actor":' .. cjson.encode(actor) .. '}')
    return {'MADE'}
  end
end
return {'MISSING'}
