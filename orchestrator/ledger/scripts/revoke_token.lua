-- Revokes a token of the console, at once for all consoles: its sessions go with it.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, tokens (hashes), seq,
--       epoch, request:{request} (strings), ended, ready, freeze-times, thawing, lined (zsets), active (set), feed,
--       own-log, audit (streams)
-- ARGV  1 name  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, '', '', name | MISSING | REPEATED, the first answer to this request id
-- EVENTS TokenRevoked
-- @include keys
-- @include operation
-- @include whole
-- @include token
-- @include request

local name, actor, reason = ARGV[1], ARGV[2], ARGV[3]

WHOLE.ask_own_events()
local found
for id, record in pairs(read_tokens()) do
  if record.name == name then found = id end
end
if not found then return {'MISSING'} end
ask_first()
revoke_token(found, name, actor, reason)
return {'ACCEPTED', '', '', name}
