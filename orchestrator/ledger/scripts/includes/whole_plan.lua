-- The same (see whole) of what is one plan's, task's or tenant's.
-- @include keys
-- @include whole

-- What is written with a move of the plan. Its log may be damaged: that is one of the reasons to give it up.
function WHOLE.ask_plan_move(plan_id)
  WHOLE.ask_index()
  WHOLE.can_tell(plan_id)
  WHOLE.ask_number(plan_id)
end

-- What the tasks of a plan stand in.
function WHOLE.ask_plan_places(plan_id)
  if ASKED.plans[plan_id] then return end
  if WHOLE.is_other(redis.pcall('ZCARD', K.queue(plan_id))) then WHOLE.damaged(K.queue(plan_id)) end
  for _, key in ipairs({K.slots(plan_id), K.plan_paused(plan_id)}) do
    if WHOLE.is_other(redis.pcall('SCARD', key)) then WHOLE.damaged(key) end
  end
  ASKED.plans[plan_id] = true
end

-- All that is written to for several of a plan's tasks, whatever each of them stands in.
function WHOLE.ask_plan_events(plan_id)
  WHOLE.ask_leases()
  WHOLE.ask_index()
  WHOLE.ask_events(plan_id)
end

function WHOLE.ask_whole_plan(plan_id)
  WHOLE.ask_plan_events(plan_id)
  WHOLE.ask_plan_places(plan_id)
end

-- What a task holds that runs.
function WHOLE.ask_held(task)
  WHOLE.ask_index()
  if not ASKED.plans[task.plan] and WHOLE.is_other(redis.pcall('SCARD', K.slots(task.plan))) then WHOLE.damaged(K.slots(task.plan)) end
  if WHOLE.is_other(redis.pcall('HEXISTS', K.tenant(task.tenant), '')) then WHOLE.damaged(K.tenant(task.tenant)) end
end

-- And what one stands in that waits, did, or will.
function WHOLE.ask_places(task)
  if ASKED.places[task.id] then return end
  WHOLE.ask_plan_places(task.plan)
  WHOLE.ask_held(task)
  if WHOLE.is_other(redis.pcall('ZCARD', K.line(task.tenant))) then WHOLE.damaged(K.line(task.tenant)) end
  local frozen = task.frozen_by and K.frozen(task.frozen_by)
  if frozen and WHOLE.is_other(redis.pcall('ZCARD', frozen)) then WHOLE.damaged(frozen) end
  ASKED.places[task.id] = true
end

-- What one waits in that is of groups. Whoever holds a place gives it up whatever has become of the group's keys: that
-- keeps nobody from an end.
function WHOLE.ask_groups(task)
  if task.groups == '' or ASKED.groups[task.id] then return end
  if WHOLE.is_other(redis.pcall('ZCARD', K.grouped())) then WHOLE.damaged(K.grouped()) end
  for group in string.gmatch(task.groups, '%S+') do
    if not WHOLE.is_whole(redis.call('HGET', K.settings(), 'GROUP:' .. group)) then WHOLE.damaged(K.settings()) end
    if not WHOLE.is_whole(redis.call('HGET', K.plan(task.plan), 'group:' .. group)) then WHOLE.damaged(K.plan(task.plan)) end
    for _, name in ipairs({group, task.plan .. ':' .. group}) do
      if WHOLE.is_other(redis.pcall('SCARD', K.group(name))) then WHOLE.damaged(K.group(name)) end
      if WHOLE.is_other(redis.pcall('ZCARD', K.group_line(name))) then WHOLE.damaged(K.group_line(name)) end
    end
  end
  ASKED.groups[task.id] = true
end

-- What a move of the task writes to.
function WHOLE.ask_around(task, trigger)
  local is_end = trigger == 'complete' or trigger == 'fail' or trigger == 'rollback_done' or trigger == 'rollback_fail'
  if is_end and not task.rollback then WHOLE.ask_held(task) else WHOLE.ask_places(task) end
end
