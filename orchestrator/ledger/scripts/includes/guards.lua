-- The guards of the transition table, each under its name there; asked with the table, before anything is written.
-- @include keys
-- @include settings
-- @include snapshot
-- @include places
-- @include wave_record

local TASK_GUARDS, PLAN_GUARDS = {}, {}

-- Of a task's record, as read_task gives it.

function TASK_GUARDS.free_slot_and_tenant(task)
  local holder = redis.call('HGET', K.tenant(task.tenant), 'holder')
  return (not holder or holder == task.id) and move_may_start(task.plan, task.wave, task.started_at > 0)
end

function TASK_GUARDS.all_stages_done(task) return task.stage == task.legs end

function TASK_GUARDS.pause_requested(task) return task.pause or task.plan_pauses end

-- A plan that goes back gives up what has touched nothing, or has nowhere to go back to.
function TASK_GUARDS.cancel_requested(task)
  return task.cancel or task.plan_cancels or (task.plan_status == PLAN.ROLLING_BACK and not finds_way_back(task))
end

function TASK_GUARDS.retries_left(task) return task.retries < SETTINGS.MAX_RETRY and not task.rollback end

function TASK_GUARDS.retries_left_from_scratch(task) return task.from_scratch and TASK_GUARDS.retries_left(task) end

function TASK_GUARDS.rollback_requested(task) return task.rollback or task.plan_status == PLAN.ROLLING_BACK end

function TASK_GUARDS.wave_soaks(task) return task.wave ~= nil and wave_state(task.plan, task.wave) == WAVE.SOAKING end

-- Of a plan as it will be after the write, as foresee gives it.

function PLAN_GUARDS.all_tasks_written(plan) return plan.written == plan.total end

function PLAN_GUARDS.nothing_runs(plan) return plan[TASK.RUNNING] == 0 end

function PLAN_GUARDS.nothing_open(plan) return plan.open == 0 end

function PLAN_GUARDS.all_failures_accepted(plan) return plan[TASK.COMPLETED] + plan.accepted == plan.total end
