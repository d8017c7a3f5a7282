-- That a task's plan took it back by its policy: kept, whatever becomes of the way back and whoever mends it, until it is
-- moved again. A retry of the plan from scratch moves all of them.
-- @include keys
-- @include wave_record
-- @include places

-- @rare
local function mark_sent_back(task)
  if task.record.sentBack then return end
  task.record.sentBack = '1'
  redis.call('HSET', K.task(task.id), 'sentBack', 1)
  count_task(task, 'sentBack', 1)
end

-- With its plan: those behind it wait for an answer, as where its wave goes back alone.
-- @rare
local function mark_sent_back_with_plan(task)
  mark_sent_back(task)
  if task.wave then redis.call('HSET', K.plan(task.plan), part_of(task.wave) .. 'sentBack', 1) end
end

-- Nobody of it is left to be answered for, or never was.
-- @rare
local function drop_if_nobody_is_back(plan_id, part)
  local back = redis.call('HGET', K.plan(plan_id), part .. 'n:sentBack')
  if not back or back == '0' then redis.call('HDEL', K.plan(plan_id), part .. 'sentBack') end
end

-- With the plan's end nobody answers its breaker any more. What that sent back stays so, if there was anybody who could go:
-- else whoever goes back later, by another failure of his own, would be taken for one of them.
-- @rare
local function forget_vain_ways_back(plan_id)
  drop_if_nobody_is_back(plan_id, '')
  for wave = 0, waves_in(redis.call('HGET', K.plan(plan_id), 'waves')) - 1 do
    drop_if_nobody_is_back(plan_id, part_of(wave))
  end
end

-- @rare
local function unmark_sent_back(task)
  if not task.record.sentBack then return end
  task.record.sentBack = nil
  redis.call('HDEL', K.task(task.id), 'sentBack')
  count_task(task, 'sentBack', -1)
  if redis.call('HEXISTS', K.plan(task.plan), 'tripped') == 0 then drop_if_nobody_is_back(task.plan, part_of(task.wave)) end
end
