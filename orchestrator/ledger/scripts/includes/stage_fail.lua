-- Fails the stage that a task is at, on the ledger's own account or a worker's; ends the task.
-- @include keys
-- @include task_end
-- @include rollback_end
-- @include counters
-- @include snapshot

-- Asks the table for the end that a failing stage makes.
local function ask_failure(task)
  local forward = task.status == TASK.RUNNING
  task.goes_back_by_policy = forward and goes_back_by_policy(task)
  ask_settled(task, forward and 'fail' or 'rollback_fail', {rollbackRequested = task.goes_back_by_policy and 1 or 0})
end

-- failure is the FailureInfo as JSON, seen the cursor by then, if a worker says so; the table has been asked.
local function record_failure(task, failure, seen)
  local _, name = stage_of(task, task.stage)
  -- What the stage had seen so far stays to be looked at (the verdicts of a health check), until it runs again.
  local cursor = seen and seen ~= '' and seen or redis.call('HGET', K.task(task.id), 'cursor')
  if cursor then redis.call('HSET', K.task(task.id), 'lastCursor', cursor) end
  local data = '{"failureInfo":' .. failure .. '}'
  if task.stage_started then
    local started = tonumber(redis.call('HGET', K.task(task.id), 'stageStartedAt') or NOW)
    observe(task.status == TASK.RUNNING and 'stage:failed' or 'stage:rollback_failed', NOW - started)
    if task.turn > 0 then count('polls:failed', 1) end
  end
  if task.status == TASK.RUNNING then
    if task.stage_started then emit_task('TaskStageFailed', task, data, name) end
    fail_task(task, failure, name)
  else
    if task.stage_started then emit_task('TaskStageRollbackFailed', task, data, name) end
    fail_rollback(task, failure)
  end
end

local function fail_stage(task, kind, message)
  local _, name = stage_of(task, task.stage)
  record_failure(task, '{"type":' .. cjson.encode(kind) .. ',"message":' .. cjson.encode(message) .. ',"stageName":'
    .. cjson.encode(name) .. ',"stepName":null}')
end
