-- What follows a good stage when the next one does not: the end of its task, or what was asked for at the boundary; then
-- another task may go on in its place.
-- @include keys
-- @include checkpoint
-- @include boundary
-- @include snapshot
-- @include stage_end
-- @include rollback_end
-- @include hand_over
-- @include hand_back
-- @include beats

-- Asks the table for it.
local function ask_stage_end(task, forward)
  -- With a way back asked for (and a config to go back to), the last boundary is one to turn at, not an end.
  local turns = forward and (task.rollback or (task.plan_status == PLAN.ROLLING_BACK and finds_way_back(task)))
  if task.stage == task.legs and not turns then
    ask_settled(task, forward and 'complete' or 'rollback_done')
    return 'ENDS'
  end
  return assert(ask_boundary(task), 'nothing was asked for')
end

-- Whether the delivery that works on the task may take another one: all messages that wait now have a share of the time
-- that one delivery has, so that none waits for longer than that, whoever's it is. spent: thousandths of it.
local function may_take_another(spent)
  -- All but the polls that are not due: a lease's own time does not tell, since the sweep moves that of a long wait.
  local waiting = redis.call('ZCARD', K.leases_queued()) - polls_ahead()
  return spent * waiting < 1000
end

-- done: what the worker tells of the stage, by name, as advance takes it.
local function end_here(task, done)
  local forward, goes_on_here = task.status == TASK.RUNNING, done.worker ~= ''
  goes_on_here = goes_on_here and may_take_another(done.spent)
  task.gives_way = goes_on_here
  local follows = ask_stage_end(task, forward)
  record_stage(task, done.name, done.turn, done.healthy)
  forget_hand_back(task)
  if follows == 'ENDS' then
    if forward then complete_task(task, done.identity) else finish_rollback(task, done.restored, done.identity) end
    follows = task.status
  else
    keep_checkpoint(task, done.checkpoint)
    leave_stage(task)
    stop_at_boundary(task)
  end
  return {follows, goes_on_here and follows ~= TASK.ROLLING_BACK and hand_over(task, done.worker, done.served) or nil}
end
