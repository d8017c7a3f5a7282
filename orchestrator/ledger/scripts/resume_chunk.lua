-- Re-queues the next tasks that the pause of a resumed plan had stopped. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes-now, plan:{plan}, task:{task},
--       tenant:{tenant} (hashes), seq, epoch, config:{task} (strings), ended, ready, leases-queued, leases-running,
--       deadlines, freeze-times, thawing, awaited, lined, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active,
--       slots:{plan}, plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 the most tasks to resume
-- CODES MORE | DONE | BAD_MOVE
-- EVENTS OperationRequested
-- @include keys
-- @include resume
-- @include passed_by
-- @include numbers
-- @include whole

local plan_id, limit = ARGV[1], ARGV[2]
local plan, paused = K.plan(plan_id), K.plan_paused(plan_id)

local f = redis.call('HMGET', plan, 'status', 'pauseRequested', 'cancelRequested', 'resuming', 'resumedBy', 'resumeReason')
if f[4] ~= '1' then return {'DONE'} end
-- Stopped again meanwhile: those that are left stay paused.
WHOLE.ask_index()
local goes_on = f[1] == PLAN.RUNNING and f[2] ~= '1' and f[3] ~= '1'
if goes_on then
  ask_all_counts(plan_id)
  ask_paused_of(plan_id)
  for _, task_id in ipairs(redis.call('SRANDMEMBER', paused, limit)) do
    local task = read_task(task_id)
    if task and apart(ask_task, task, 'resume') then
      emit_operation('resume', plan_id, task, f[5] or 'system', f[6] or '', '{"ofPlan":true}')
      resume_task(task)
    else
      leave_paused(plan_id, task_id, task)
    end
  end
  if redis.call('SCARD', paused) > 0 then return {'MORE'} end
end
redis.call('HDEL', plan, 'resuming', 'resumedBy', 'resumeReason')
wake_plan(plan_id)
return {'DONE'}
