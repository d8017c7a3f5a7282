-- A worker whose task has given up its slot takes the plan's next one, if it serves its lane (I2, I3): what a
-- coordinator would admit now, begun in the same write. Where there is more to do, the coordinators are woken.
-- @include keys
-- @include queue_head
-- @include stage_begin
-- @include lanes
-- @include sound
-- @include wake

-- Waiting tasks looked at in one end of a task: keeps it short, whatever the plan's size.
local MOST_LOOKS = 10

-- What the caller's repeat is answered from: the task that went on in its place.
local function note_successor(task, next_task)
  redis.call('HSET', K.task(task.id), 'successor', int(task.epoch) .. ' ' .. next_task.id)
end

local function begun_row(task, index, name)
  return {task.id, task.epoch, task.stage, turn_record(task, index, name, fields_of(task.id))}
end

local function start_here(task, worker)
  -- What it will be told of: read before anything is written.
  task.config = redis.call('GET', K.config(task.id))
  redis.call('GET', K.checkpoint(task.id))
  take_places(task)
  local index, name = stage_of(task, task.stage)
  begin_stage(task, worker, index, name)
end

-- Whether another of those that wait might be admitted: a move, or a rollback, which stands first.
local function more_may_start(plan_id)
  local queue = K.queue(plan_id)
  if free_slots(plan_id) <= 0 or redis.call('EXISTS', queue) == 0 then return false end
  return sound(next_move_may_start, plan_id) or redis.call('ZCOUNT', queue, '-inf', '(' .. int(RANK_MOVE)) > 0
end

local function find_successor(task, worker, served)
  local plan_id, found, next_task = task.plan, nil, nil
  local round = {plan = plan_id, strict = max_of(plan_id) == '1', refused = 0}
  local looks = free_slots(plan_id) > 0 and MOST_LOOKS or 0
  local function start(one) start_here(one, worker) end
  local function may_start(one) return is_served(one.tenant, served) end
  while looks > 0 and found ~= 'END' and found ~= 'FULL' and found ~= 'STARTED' do
    looks = looks - 1
    found, next_task = look_at_head(round, start, may_start)
  end
  if found ~= 'FULL' and more_may_start(plan_id) then wake_plan(plan_id) end
  if found ~= 'STARTED' then return nil end
  note_successor(task, next_task)
  return begun_row(next_task, stage_of(next_task, next_task.stage))
end

-- The task that goes on in this one's place, as a row; nil when there is none. The stage before it is recorded: what a
-- hand has damaged among those that wait is left to the coordinators.
local function hand_over(task, worker, served)
  local done, row = apart(find_successor, task, worker, served)
  if not done then wake_plan(task.plan) end
  return done and row or nil
end

-- The same row again, while that turn is still this caller's.
-- @rare
local function handed_over(task, worker)
  local noted = redis.call('HGET', K.task(task.id), 'successor')
  local epoch, next_id = string.match(noted or '', '^(%d+) (.+)$')
  local next_task = tonumber(epoch or -1) == task.epoch and read_task(next_id)
  if not next_task or next_task.lease ~= 'running' or redis.call('HGET', K.task(next_id), 'worker') ~= worker then
    return nil
  end
  return begun_row(next_task, stage_of(next_task, next_task.stage))
end
