-- That a task's plan took it back by its policy: kept, whatever becomes of the way back and whoever mends it, until it is
-- moved again. A retry of the plan from scratch moves all of them.
-- @include keys
-- @include wave_record

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

-- @rare
local function unmark_sent_back(task)
  if not task.record.sentBack then return end
  task.record.sentBack = nil
  redis.call('HDEL', K.task(task.id), 'sentBack')
  count_task(task, 'sentBack', -1)
  local plan, part = K.plan(task.plan), part_of(task.wave)
  local f = redis.call('HMGET', plan, part .. 'n:sentBack', 'tripped')
  -- Nobody of it is left to be answered for.
  if f[1] == '0' and not f[2] then redis.call('HDEL', plan, part .. 'sentBack') end
end
