-- Lets a failed task go on behind the stage that failed: the stage is recorded without being run again.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task}, request:{request} (strings), ended,
--       ready, leases-queued, leases-running, deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze},
--       queue:{plan}, line:{tenant} (zsets), active, slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit,
--       log:{plan} (streams)
-- ARGV  1 task id  2 actor  3 reason  4 request id  5 what is asked, in words
-- CODES ACCEPTED, status, why, the stage | NOOP, status, why | REFUSED, status, why, what | MISSING |
--       REPEATED, the first answer to this request id | BAD_MOVE
-- EVENTS OperationRequested PlanReopened TaskStageSkipped
-- @include keys
-- @include retry
-- @include skipped
-- @include request
-- @include fleet_format

local task_id, actor, reason = ARGV[1], ARGV[2], ARGV[3]
local asked = {scratch = false, force = false, override = '', skips = true}

local task = read_task(task_id)
if not task then return {'MISSING'} end
if task.plan_status == PLAN.CREATED then return {'REFUSED', task.status, 'draft'} end
if not task_row(task.status, 'skip_stage') then return {'REFUSED', task.status, 'state'} end
local stops = what_stops(task, {})
if stops then return {'REFUSED', task.status, stops} end
-- One that its soak has failed has all of them done.
if task.record.soakFailed or task.stage >= task.legs then return {'REFUSED', task.status, 'no-stage-failed'} end
local why, what = why_not_from_there(task, asked)
if why then return {'REFUSED', task.status, why, what} end

local _, name = stage_of(task, task.stage)
local reopening = ask_reopening(task)
ask_task(task, 'skip_stage')
emit_operation('skip-stage', task.plan, task, actor, reason, '{"stageName":' .. cjson.encode(name) .. '}')
reopen_plan(reopening)
emit_task('TaskStageSkipped', task, '{"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason) .. '}', name)
note_skipped(task, task.stage, name)
retry_task(task, asked)
-- Scripts of before would run the stage again.
need_fleet_format()
return {'ACCEPTED', task.status, 'skips', name}
