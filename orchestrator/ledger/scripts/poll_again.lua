-- Hands a turn back until its due time: the turn rises, the lease becomes queued, the cursor is stored.
-- KEYS  1 the namespace's root. Touches clock, settings, counters, plan:{plan}, task:{task}, tenant:{tenant} (hashes),
--       seq (string), leases-queued, leases-running, deadlines, beats, handed-back (zsets), feed, log:{plan} (streams)
-- ARGV  1 task id  2 epoch  3 stage (leg)  4 turn  5 delay in ms  6 cursor as JSON
-- CODES AGAIN, next turn, due time in ms (also to a repeat of the same call) | STALE
-- EVENTS none
-- @include keys
-- @include task
-- @include lease
-- @include beats
-- @include hand_back
-- @include counters

local task_id, epoch, stage, turn = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local delay_ms, cursor = tonumber(ARGV[5]), ARGV[6]

local task = read_task(task_id)
if not task or not TASK_ACTIVE[task.status] then return {'STALE'} end
if not is_under_way(task, epoch, stage, turn) then
  if task.epoch == epoch and task.stage == stage and task.turn == turn + 1 and task.lease == 'queued' then
    return {'AGAIN', turn + 1, tonumber(redis.call('HGET', K.task(task_id), 'dueAt'))}
  end
  return {'STALE'}
end
redis.call('HSET', K.task(task_id), 'turn', turn + 1, 'cursor', cursor, 'dueAt', int(NOW + delay_ms))
lease_queued(task, NOW + delay_ms)
forget_hand_back(task)
note_beat(task, NOW + delay_ms)
count('polls:again', 1)
return {'AGAIN', turn + 1, NOW + delay_ms}
