-- Asks for the retry of a plan's failed tasks, in O(1): a few are retried in the call, many are left to retry_chunk. The
-- plan is open again until the last of them has been looked at.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request} (strings), ended,
--       ready, leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze},
--       queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to start from scratch  7 1 to force
--       8 why no freeze stops what is retried, or ''  9 the most failed tasks to retry in the call
-- CODES ACCEPTED, status | ACCEPTED or REFUSED, status, retried, {failed, retried, refused: list of {task, why, what}}
--       as JSON | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanReopened
-- @include keys
-- @include retry_failed
-- @include numbers
-- @include request

local plan_id, actor, reason, at_once = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[9])
local asked = {scratch = ARGV[6] == '1', force = ARGV[7] == '1', override = ARGV[8], by = actor, reason = reason, at = WALL}
local plan = K.plan(plan_id)

local f = read_plan(plan_id, 'status', 'cancelRequested', 'retryCursor', 'retryAsked', COUNT.FAILED,
  'n:acceptedFailed', 'n:sentBack', COUNT.ROLLED_BACK, 'waveRollback')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] ~= PLAN.PAUSED and not PLAN_ENDED[f[1]] and not plan_row(f[1], 'pause') then return {'REFUSED', f[1], 'state'} end
if f[2] == '1' and f[1] ~= PLAN.CANCELLED then return {'REFUSED', f[1], 'cancel-requested'} end
if f[3] then
  local before = cjson.decode(f[4])
  local is_same = not before.request and before.scratch == asked.scratch and before.force == asked.force
    and (before.override or '') == asked.override
  return {is_same and 'NOOP' or 'REFUSED', f[1], is_same and 'retrying' or 'retrying-otherwise'}
end
-- Of a wave that is still being asked to go back nobody knows yet who does.
if asked.scratch and f[9] then return {'REFUSED', f[1], 'takes-wave-back'} end
-- Whose way back is under way, or has failed, is not moved again; nor is, however many they are, who was accepted.
local before = part_taken_back_before(plan_id)
local sent = before and redis.call('HGET', plan, before .. COUNT.ROLLED_BACK) or f[7]
local back = math.min(number_in(plan_id, sent) or 0, number_in(plan_id, f[8]) or 0)
local failed = (number_in(plan_id, f[5]) or 0) - (number_in(plan_id, f[6]) or 0) + (asked.scratch and back or 0)
-- Who was accepted is left, and so is, but for a retry from scratch, who is back.
local function none_failed(left)
  local accepted = number_in(plan_id, f[6]) or 0
  if accepted > 0 then return {'REFUSED', f[1], 'all-accepted', accepted .. ' ' .. left} end
  return {'REFUSED', f[1], 'none-failed', left}
end
if failed <= 0 then return none_failed(not asked.scratch and back > 0 and back or '') end

-- Of very many it is enough that there is one; who is back may all have been taken back by a person.
local is_few = failed <= at_once
local found = failed_from(plan_id, 0, is_few and at_once + 1 or 1, asked)
if found.next == found.total and #found.tasks + #found.refused == 0 then return none_failed('') end
local is_whole = is_few and found.next == found.total
local answer
if is_whole then
  local refused = #found.refused > 0 and found.refused or nil
  answer = cjson.encode({failed = #found.tasks + #found.refused, retried = #found.tasks, refused = refused,
    scratch = asked.scratch or nil})
  if #found.tasks == 0 then return {'REFUSED', f[1], 'retried', answer} end
end
local reopening = PLAN_ENDED[f[1]] and ask_plan({id = plan_id, status = f[1]}, 'reopen') or nil
emit_operation('retry', plan_id, nil, actor, reason, retry_options(asked))
-- What follows from it, for each task, is nobody's request.
REQUEST = ''
reopen_plan(reopening)
redis.call('HDEL', plan, 'retryRetried', 'retryRefused', 'retryRefusals')
redis.call('HSET', plan, 'retryAsked', cjson.encode(asked))
if is_whole then
  retry_found(plan_id, found, asked)
  note_retried(plan_id, found)
else
  redis.call('HSET', plan, 'retryCursor', 0)
end
wake_plan(plan_id)
local status = redis.call('HGET', plan, 'status')
if is_whole then return {'ACCEPTED', status, 'retried', answer} end
return {'ACCEPTED', status}
