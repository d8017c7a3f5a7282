-- Takes an ended plan, or a draft, or by force one that cannot end, out of the ledger: from this call on nobody finds it; its tasks follow in chunks.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task} (hashes), seq, spec:{plan},
--       plan-seq:{plan}, config:{task}, request:{request} (strings), plans, drafts, ended, purges, ready, due, lost,
--       leases-queued, leases-running, deadlines, awaited, queue:{plan} (zsets), active, slots:{plan},
--       plan-paused:{plan} (sets), feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
--       6 planSequenceId of the last event that the caller has seen, or '': a plan that went on since stays
--       7 1 to take out also one that cannot end: it is being cancelled or goes back, or its record is damaged; not one
--       that a worker is at  8 id of the request for many plans that this is part of, or ''
--       9 what that one asks, in words
-- CODES ACCEPTED, status | ACCEPTED, status, 'lost' (lose_plan takes out what is left) | NOOP, '', why | REFUSED, status, why, what | MISSING |
--       REPEATED, the first answer to this request id
-- EVENTS PlanPurged
-- @include keys
-- @include transitions
-- @include event
-- @include request
-- @include kept_answer
-- @include operation
-- @include plan_gone
-- @include lease
-- @include sound
-- @include whole

local plan_id, actor, reason, seen, force, of = ARGV[1], ARGV[2], ARGV[3], ARGV[6], ARGV[7] == '1', ARGV[8]
local plan = K.plan(plan_id)

-- How many of its tasks workers are at: their turns run, and they give signs of life.
local function tasks_alive()
  local alive, slots = 0, redis.pcall('SMEMBERS', K.slots(plan_id))
  for _, task_id in ipairs(slots) do
    if gives_signs(task_id) then alive = alive + 1 end
  end
  return alive
end

-- How many tasks there are, whatever a hand has made of the record: the log tells.
local function mend(f)
  local total = sound(function() return cjson.decode(log_end(plan_id, 'XRANGE', '-', '+').d).totalTasks end)
  mend_plan_number(plan_id)
  return place_of(total) or place_of(f[2])
end

local f = redis.pcall('HMGET', plan, 'status', 'written', 'planSeq', 'cancelRequested')
local status = f[1] or ''
if status == '' and not f.err then
  if redis.call('ZSCORE', K.purges(), plan_id) then return {'NOOP', '', 'purging'} end
  if not has_remains(plan_id) then return {'MISSING'} end
end
local is_done = PLAN_ENDED[status] or status == PLAN.CREATED
local is_whole = PLAN_KNOWN[status] and place_of(f[2]) and f[3] and WHOLE.is_whole(f[3])
if not (is_done and is_whole) then
  if not is_whole and not force then return {'REFUSED', status, 'damaged'} end
  local cancelling = f[4] == '1' or not plan_row(status, 'cancel')
  if not force then return {'REFUSED', status, cancelling and 'ending' or 'not-ended'} end
  if is_whole and not cancelling then return {'REFUSED', status, 'cancel-first'} end
  local alive = tasks_alive()
  if alive > 0 then return {'REFUSED', status, 'alive', int(alive)} end
end
if seen ~= '' and seen ~= f[3] then return {'REFUSED', status, 'went-on'} end

-- A request for many plans keeps which it has purged, in the write that did it: sent again, it goes on there (I17).
local parts_key = of ~= '' and K.request(of .. '/')
local parts = parts_key and (kept_answer(parts_key) or ARGV[9])

-- Its own log may be damaged: that is one of the reasons to take it out.
WHOLE.can_tell(plan_id)
if is_whole then WHOLE.ask_number(plan_id) end
WHOLE.ask_leases()
ask_lists()
ask_first()
if parts then redis.call('SET', parts_key, parts .. '\n' .. plan_id, 'PX', KEPT_MS) end
local tasks = is_whole and place_of(f[2]) or mend(f)
if not tasks then
  -- Nor does the log: lose_plan looks for what is left.
  redis.call('HDEL', plan, 'status')
  return {'ACCEPTED', status, 'lost'}
end
emit_plan('PlanPurged', plan_id, '{"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason)
  .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null')
  .. ',"forced":' .. tostring(not (is_done and is_whole)) .. '}')
keep_plan_number(plan_id)
-- One score a plan: how many of its tasks are left to take out.
redis.call('ZADD', K.purges(), tasks, plan_id)
leave_lists(plan_id)
-- Whoever wants it gone is not to be asked to submit it again.
sound(redis.call, 'ZREM', K.lost(), plan_id)
-- Freed in the background: the log of a large plan has millions of entries.
redis.call('UNLINK', plan, K.spec(plan_id), K.queue(plan_id), K.slots(plan_id), K.plan_paused(plan_id), K.log(plan_id))
return {'ACCEPTED', status}
