-- Has a webhook that was switched off by its receiver, or that waits after failures, tried at once.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, hook:{hook} (hashes),
--       seq, epoch (strings), ended, ready, freeze-times, thawing, lined, hooks (zsets), active (set), feed, own-log,
--       audit (streams)
-- ARGV  1 name of the hook  2 actor  3 reason
-- CODES ENABLED | MISSING (there is no such hook)
-- EVENTS WebhookRequested
-- @include keys
-- @include event
-- @include whole
-- @include hook_request

local name, actor, reason = ARGV[1], ARGV[2], ARGV[3]

WHOLE.ask_own_events()
if not redis.call('ZSCORE', K.hooks(), name) then return {'MISSING'} end
redis.call('HDEL', K.hook(name), 'disabled', 'nextAt', 'failures')
tell_request(name, 'enable-webhook', 0, actor, reason)
return {'ENABLED'}
