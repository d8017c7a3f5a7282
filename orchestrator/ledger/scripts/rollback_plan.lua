-- Turns a whole plan around, in O(1): nothing new starts, running tasks turn at their boundary; coordinators then ask
-- for the rollback of everything it touched, newest first, in chunks.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task}
--       (hashes), seq, epoch, request:{request} (strings), ended, ready, leases-queued, leases-running, deadlines,
--       freeze-times, thawing, awaited, lined (zsets), active (set), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 actor  3 reason  4 request id  5 what is asked, in words  6 1 to force
-- CODES ACCEPTED, status | NOOP, status, why | REFUSED, status, why | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanRollingBack
-- @include keys
-- @include operation
-- @include plan_rollback
-- @include request

local plan_id, actor, reason, force = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1'

local f = read_plan(plan_id, 'status', 'total', COUNT.COMPLETED)
if f.err then return {'REFUSED', '', 'damaged'} end
if not f[1] then return {'MISSING'} end
if f[1] == PLAN.ROLLING_BACK then return {'NOOP', f[1], 'rolling-back'} end
-- Of a plan that ended so because some tasks were rolled back one by one, the others are left.
if f[1] == PLAN.ROLLED_BACK and tonumber(f[3] or 0) == 0 then return {'NOOP', f[1], 'rolled-back'} end
if not plan_row(f[1], 'roll_back') then return {'REFUSED', f[1], 'state'} end
if not place_of(f[2]) then return {'REFUSED', f[1], 'damaged'} end
local move = ask_plan({id = plan_id, status = f[1]}, 'roll_back')
emit_operation('rollback', plan_id, nil, actor, reason, '{"force":' .. tostring(force) .. '}')
begin_plan_rollback(move, actor, reason, force)
return {'ACCEPTED', PLAN.ROLLING_BACK}
