-- Renews running leases of one worker process and writes the heartbeats that are due.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq (string), leases-queued, leases-running, deadlines, beats (zsets), feed, audit, log:{plan} (streams)
-- ARGV  task id, epoch, stage (leg), turn of each lease, in turn
-- CODES RENEWED, then the places (from 0) of the turns that are no longer this worker's | BAD_MOVE
-- EVENTS TaskProgress
-- @include keys
-- @include settings
-- @include lease
-- @include heartbeat
-- @include move

local lost = {}
for i = 1, #ARGV, 4 do
  local task_id = ARGV[i]
  local task = read_task(task_id)
  if task and TASK_ACTIVE[task.status]
      and is_under_way(task, tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])) then
    redis.call('ZADD', K.leases_running(), NOW + SETTINGS.LEASE_MS, task_id)
    apart(beat_if_due, task)
  else
    lost[#lost + 1] = (i - 1) / 4
  end
end
return {'RENEWED', lost}
