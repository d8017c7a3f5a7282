-- Lets a paused (or pausing) plan go on: re-queues the tasks that the plan had paused, and only those; very many are left to
-- resume_chunk, and no move is admitted before they are queued.
-- @include keys
-- @include breach_answer
-- @include resume
-- @include whole_plan

-- The most tasks to resume in one call.
local RESUMED_AT_ONCE = 20

-- What it takes: the plan's move, if it stands, and whether its tasks are left to chunks. Asked before the first write.
local function ask_plan_resume(plan_id, status)
  WHOLE.ask_plan_places(plan_id)
  ask_paused_of(plan_id)
  return {
    move = status == PLAN.PAUSED and ask_plan({id = plan_id, status = status}, 'resume') or nil,
    -- What takes one from the pause (a rollback, a cancel) takes it from the set.
    in_chunks = redis.call('SCARD', K.plan_paused(plan_id)) > RESUMED_AT_ONCE,
  }
end

-- accepts: what has failed so far, or is back, is borne; else who is back, and is still to be moved again by the retry that
-- is under way, is answered for when that is done. The plan still has to be woken.
local function resume_plan(plan_id, asked, actor, reason, accepts)
  local plan, options = K.plan(plan_id), accepts and {'"acceptFailures":true'} or {}
  if asked.in_chunks then table.insert(options, 1, '"inChunks":true') end
  emit_operation('resume', plan_id, nil, actor, reason, '{' .. table.concat(options, ',') .. '}')
  local answered = {'pauseRequested', 'tripped', 'waveRollbackOf'}
  for _, part in ipairs(parts_of_plan(plan_id)) do
    if accepts or sent_back(plan_id, part) == 0 then answered[#answered + 1] = part .. 'sentBack' end
  end
  redis.call('HDEL', plan, unpack(answered))
  if asked.move then
    move_plan(asked.move)
    emit_plan('PlanResumed', plan_id)
  end
  if asked.in_chunks then
    redis.call('HSET', plan, 'resuming', 1, 'resumedBy', actor, 'resumeReason', reason)
    return
  end
  for _, task_id in ipairs(redis.call('SMEMBERS', K.plan_paused(plan_id))) do
    local task = read_task(task_id)
    if task and apart(ask_task, task, 'resume') then resume_task(task)
    else leave_paused(plan_id, task_id, task) end
  end
end
