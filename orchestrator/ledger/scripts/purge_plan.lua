-- Takes an ended plan, or a draft, out of the ledger: from this call on nobody finds it; its tasks follow in chunks.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan} (hashes), seq, spec:{plan},
--       plan-seq:{plan}, request:{request} (strings), plans, drafts, ended, purges, queue:{plan} (zsets), active,
--       slots:{plan}, plan-paused:{plan} (sets), feed, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
--       6 planSequenceId of the last event that the caller has seen, or '': a plan that went on since stays
-- CODES ACCEPTED, status | NOOP, '', why | REFUSED, status, why | MISSING | REPEATED, the first answer to this request id
-- EVENTS PlanPurged
-- @include keys
-- @include transitions
-- @include event
-- @include request
-- @include plan_gone

local plan_id, actor, reason, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local plan = K.plan(plan_id)

local f = redis.call('HMGET', plan, 'status', 'written', 'planSeq')
if not f[1] then
  if redis.call('ZSCORE', K.purges(), plan_id) then return {'NOOP', '', 'purging'} end
  return {'MISSING'}
end
if not PLAN_ENDED[f[1]] and f[1] ~= 'CREATED' then return {'REFUSED', f[1], 'not-ended'} end
if seen ~= '' and seen ~= f[3] then return {'REFUSED', f[1], 'went-on'} end

emit_plan('PlanPurged', plan_id, '{"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason)
  .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null') .. '}')
keep_plan_number(plan_id)
-- One score a plan: how many of its tasks are left to take out.
redis.call('ZADD', K.purges(), tonumber(f[2] or 0), plan_id)
redis.call('ZREM', K.plans(), plan_id)
redis.call('ZREM', K.drafts(), plan_id)
redis.call('ZREM', K.ended(), plan_id)
redis.call('SREM', K.active(), plan_id)
-- Freed in the background: the log of a large plan has millions of entries.
redis.call('UNLINK', plan, K.spec(plan_id), K.queue(plan_id), K.slots(plan_id), K.plan_paused(plan_id), K.log(plan_id))
return {'ACCEPTED', f[1]}
