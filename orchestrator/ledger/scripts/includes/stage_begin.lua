-- Begins a turn of the stage that a task is at, and tells its worker what it needs. Nothing was asked for at the
-- boundary before it.
-- @include keys
-- @include task
-- @include lease
-- @include deadline
-- @include tenant_history
-- @include heartbeat
-- @include beats

-- index and name are those of the plan stage. Of a stage that has started before, TaskStageStarted is not said again.
local function begin_stage(task, worker, index, name)
  if task.stage_started then
    lease_running(task, worker)
    return beat_if_due(task)
  end
  if task.status == 'RUNNING' then task.touched = math.max(index + 1, task.touched) end
  lease_running(task, worker, 'stageStarted', 1, 'stageStartedAt', int(NOW), 'beatAt', int(NOW), 'touched', task.touched)
  task.stage_started = true
  become_last_mover(task)
  note_beat(task, NOW)
  set_deadline(task, index)
  emit_task(task.status == 'RUNNING' and 'TaskStageStarted' or 'TaskStageRollingBack', task, '{}', name)
end

-- Besides whether it is forced, whether this stage is recorded without being run: so that what follows a BEGUN keeps its form.
local function turn_flags(task, skip_stage)
  local skips = task.status == 'RUNNING' and tonumber(skip_stage or -1) == task.stage
  return (task.forced and 1 or 0) + (skips and 2 or 0)
end

-- What follows a BEGUN: tenant, status, plan stage index, its name, cursor, config, snapshot, attempt, incarnation,
-- checkpoint, flags, digest of the plan's content, number of rollbacks, when the plan was created, number of legs.
local function turn_record(task, index, name)
  local f = redis.call('HMGET', K.task(task.id), 'cursor', 'snapshot', 'rollbacks', 'skipStage')
  local plan = redis.call('HMGET', K.plan(task.plan), 'digest', 'createdAt')
  return task.tenant, task.status, index, name, f[1] or '', redis.call('GET', K.config(task.id)), f[2] or '',
    task.attempt, redis.call('HGET', K.meta(), 'incarnation'),
    task.stage > 0 and redis.call('GET', K.checkpoint(task.id)) or '', turn_flags(task, f[4]), plan[1],
    tonumber(f[3] or 0), plan[2] or '', task.legs
end
