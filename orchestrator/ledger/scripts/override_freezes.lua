-- Lets a plan pass all freezes, those to come included: its tasks that wait for one are looked at anew.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, lined, frozen:{freeze} (zsets), active (set), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id
-- EVENTS OperationRequested
-- @include keys
-- @include operation
-- @include freeze
-- @include request

local plan_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]

local f = read_plan(plan_id, 'status', 'freezeOverride')
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
-- A draft has no turn that it could be given: `submit` asks for it once the plan is committed.
if f[1] == PLAN.CREATED then return {'REFUSED', f[1], 'state'} end
if f[2] then return {'NOOP', f[1], 'passes-freezes'} end
if PLAN_ENDED[f[1]] then return {'REFUSED', f[1], 'state'} end
emit_operation('override-freeze', plan_id, nil, actor, reason)
redis.call('HSET', K.plan(plan_id), 'freezeOverride', reason)
-- All who wait are put back and looked at once more: only this plan's are not stopped again.
for _, freeze in ipairs(freezes_in_force()) do thaw(freeze.id) end
wake_plan(plan_id)
return {'ACCEPTED', f[1]}
