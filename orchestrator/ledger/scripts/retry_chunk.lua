-- Retries the next failed tasks of a plan whose retry was asked for; with a narrowed one, names what goes on with it.
-- Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, ready, leases-queued,
--       leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant}
--       (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most failed tasks to look at
-- CODES MORE | DONE | NARROWED, what retry_some_chunk goes on with as JSON | BAD_MOVE
-- EVENTS OperationRequested PlanPaused PlanCompleted PlanFailed PlanCancelled PlanRolledBack PlanRollbackFailed
--       PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting
-- @include keys
-- @include retry_failed
-- @include breach_answer
-- @include numbers

local plan_id, limit = ARGV[1], tonumber(ARGV[2])
local plan = K.plan(plan_id)

-- What is still too much for the plan to go on by itself. In one with waves who is back keeps but the later ones waiting.
local function why_it_stops(asked)
  local failed, tolerance = string.match(first_breach(plan_id) or '', '^(%d+) (%d+)')
  if failed then return 'the breaker is still open after the retry: ' .. failed .. ' failed, tolerance ' .. tolerance end
  local back = asked.scratch and sent_back(plan_id, '') or 0
  return back > 0 and 'the retry has left ' .. back .. ' that the breaker took back' or nil
end

local f = redis.call('HMGET', plan, 'status', 'retryCursor', 'retryAsked', 'pauseRequested', 'cancelRequested',
  'total')
if not f[2] then return {'DONE'} end
-- It counts as open meanwhile. One that has ended all the same was ended by a process that does not know of this.
if PLAN_ENDED[f[1]] then
  redis.call('HDEL', plan, 'retryCursor')
  return {'DONE'}
end
ask_all_counts(plan_id)
local request = request_of_retry(f[3])
if request then return {'NARROWED', cjson.encode(request)} end
local asked = cjson.decode(f[3])
asked.override = asked.override or ''
local found = failed_from(plan_id, retry_place(f[2], place_of(f[6]) or 0), limit, asked)
local is_last = found.next == found.total
found.changes.retries_done = is_last
local plan_move = foresee(plan_id, found.changes)
if is_last then foresee_waves(plan_id, found.changes) end
-- It may have been let go on while the retry was under way, which was to close its breaker, or to move again all that it
-- took back. Whether it can be stopped is asked of the table before anything is written.
local goes_on = is_last and f[4] ~= '1' and f[5] ~= '1' and not (plan_move and PLAN_ENDED[plan_move.to])
local may_stop = goes_on and why_it_stops(asked)
if may_stop then
  found.changes.pauses = true
  foresee(plan_id, found.changes)
end

if is_last then redis.call('HDEL', plan, 'retryCursor') else redis.call('HSET', plan, 'retryCursor', found.next) end
retry_found(plan_id, found, asked)
note_retried(plan_id, found)
local stops = may_stop and why_it_stops(asked)
if stops then
  emit_operation('pause', plan_id, nil, 'policy', stops)
  redis.call('HSET', plan, 'pauseRequested', 1)
  plan_move = foresee(plan_id, {})
end
if is_last then settle_waves(plan_id) end
settle_plan(plan_move)
return {is_last and 'DONE' or 'MORE'}
