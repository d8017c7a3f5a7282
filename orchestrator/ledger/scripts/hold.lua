-- Keeps the queued leases of messages that a worker has in hand, up to three leases past the time they were due, and
-- writes the heartbeats of stages between two polls.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task} (hashes), seq (string),
--       leases-queued, leases-running, deadlines, beats (zsets), feed, audit, log:{plan} (streams)
-- ARGV  task id, epoch, stage (leg), turn of each, in turn
-- CODES HELD | BAD_MOVE
-- EVENTS TaskProgress
-- @include keys
-- @include settings
-- @include heartbeat
-- @include move

local HELD_LEASES = 3

local function hold(task)
  local f = redis.call('HMGET', K.task(task.id), 'queuedAt', 'dueAt')
  local due = math.max(tonumber(f[1] or 0), task.turn > 0 and tonumber(f[2] or 0) or 0)
  local ends = math.min(NOW + SETTINGS.LEASE_MS, due + (1 + HELD_LEASES) * SETTINGS.LEASE_MS)
  if ends > tonumber(redis.call('ZSCORE', K.leases_queued(), task.id) or ends) then
    redis.call('ZADD', K.leases_queued(), ends, task.id)
  end
  if task.stage_started then beat_if_due(task) end
end

for i = 1, #ARGV, 4 do
  local task = read_task(ARGV[i])
  local is_due = task and TASK_ACTIVE[task.status] and task.lease == 'queued' and task.epoch == tonumber(ARGV[i + 1])
    and task.stage == tonumber(ARGV[i + 2]) and task.turn == tonumber(ARGV[i + 3])
  if is_due then apart(hold, task) end
end
return {'HELD'}
