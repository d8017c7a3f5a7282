-- Begins a turn of the stage that a task is at, and tells its worker what it needs. Nothing was asked for at the
-- boundary before it.
-- @include keys
-- @include task
-- @include lease
-- @include deadline
-- @include tenant_history
-- @include heartbeat
-- @include beats
-- @include places

-- index and name are those of the plan stage. Of a stage that has started before, TaskStageStarted is not said again.
local function begin_stage(task, worker, index, name)
  if task.stage_started then
    lease_running(task, worker)
    return beat_if_due(task)
  end
  if task.status == TASK.RUNNING then
    if task.wave and task.touched == 0 then redis.call('HSET', K.plan(task.plan), part_of(task.wave) .. 'moved', 1) end
    task.touched = math.max(index + 1, task.touched)
  end
  local at, is_said = int(NOW), task.says_started
  lease_running(task, worker, 'stageStartedAt', at, 'beatAt', at, 'touched', task.touched,
    unpack(is_said and {} or {'stageStarted', 1}))
  task.stage_started = true
  become_last_mover(task)
  note_beat(task, NOW)
  set_deadline(task, index)
  emit_task(task.status == TASK.RUNNING and 'TaskStageStarted' or 'TaskStageRollingBack', task, '{}', name)
end

-- Besides whether it is forced, whether this stage is recorded without being run: so that what follows a BEGUN keeps its form.
local function turn_flags(task, skip_stage)
  local skips = task.status == TASK.RUNNING and tonumber(skip_stage or -1) == task.stage
  return (task.forced and 1 or 0) + (skips and 2 or 0)
end

-- What follows a BEGUN: tenant, status, plan stage index, its name, cursor, config, snapshot, attempt, incarnation,
-- checkpoint, flags, digest of the plan's content, number of rollbacks, when the plan was created, number of legs.
-- f: the task's fields, as they are now; checkpoint: its own if it has been read.
local function turn_record(task, index, name, f, checkpoint)
  local plan = redis.call('HMGET', K.plan(task.plan), 'digest', 'createdAt')
  checkpoint = checkpoint or (task.stage > 0 and redis.call('GET', K.checkpoint(task.id))) or ''
  return task.tenant, task.status, index, name, f.cursor or '', task.config or redis.call('GET', K.config(task.id)), f.snapshot or '',
    task.attempt, redis.call('HGET', K.meta(), 'incarnation'), checkpoint, turn_flags(task, f.skipStage), plan[1],
    tonumber(f.rollbacks or 0), plan[2] or '', task.legs
end
