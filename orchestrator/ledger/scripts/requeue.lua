-- Takes note that a copy of these turns' messages is published now: from here on it is the copy that is waited for.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan}, task:{task} (hashes), seq (string),
--       leases-queued, leases-running, deadlines (zsets), feed, log:{plan} (streams)
-- ARGV  task id, epoch, stage (leg), turn of each, in turn
-- CODES REQUEUED, then the places (from 0) of the turns whose message is still due
-- EVENTS none
-- @include keys
-- @include event
-- @include task

local due = {}
for i = 1, #ARGV, 4 do
  local task = read_task(ARGV[i])
  local is_due = task and TASK_ACTIVE[task.status] and task.lease == 'queued' and task.epoch == tonumber(ARGV[i + 1])
    and task.stage == tonumber(ARGV[i + 2]) and task.turn == tonumber(ARGV[i + 3])
  if is_due then
    redis.call('HSET', K.task(task.id), 'queuedAt', int(NOW))
    due[#due + 1] = (i - 1) / 4
  end
end
return {'REQUEUED', due}
