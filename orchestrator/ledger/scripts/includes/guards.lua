-- The guards of the transition table, each under its name there; asked with the table, before anything is written.
-- @include keys
-- @include settings

local GUARDS = {}

local function free_slots(plan_id)
  return tonumber(redis.call('HGET', K.plan(plan_id), 'max')) - redis.call('SCARD', K.slots(plan_id))
end

-- Of a task's record, as read_task gives it.

function GUARDS.free_slot_and_tenant(task)
  local holder = redis.call('HGET', K.tenant(task.tenant), 'holder')
  return (not holder or holder == task.id) and free_slots(task.plan) > 0
end

function GUARDS.all_stages_done(task) return task.stage == task.legs end

function GUARDS.pause_requested(task) return task.pause or task.plan_pauses end

-- A plan that goes back gives up what has touched nothing.
function GUARDS.cancel_requested(task)
  return task.cancel or task.plan_cancels or (task.plan_status == 'ROLLING_BACK' and task.touched == 0)
end

function GUARDS.retries_left(task) return task.retries < MAX_RETRY and not task.rollback end

function GUARDS.retries_left_from_scratch(task) return task.from_scratch and GUARDS.retries_left(task) end

function GUARDS.rollback_requested(task) return task.rollback or task.plan_status == 'ROLLING_BACK' end

-- Of a plan as it will be after the write, as foresee gives it.

function GUARDS.all_tasks_written(plan) return plan.written == plan.total end

function GUARDS.nothing_runs(plan) return plan.RUNNING == 0 end

function GUARDS.nothing_open(plan) return plan.open == 0 end
