-- Puts tasks back into their plans' queues whose freeze has ended, was lifted, or is to be looked at anew, some a call.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, freezes, freezes-now, plan:{plan}, task:{task} (hashes),
--       seq, epoch (strings), ended, ready, leases-queued, leases-running, deadlines, freeze-times, thawing, lined,
--       frozen:{freeze}, queue:{plan} (zsets), active (set), inbox, feed, log:{plan} (streams)
-- ARGV  1 the most tasks
-- CODES NONE | MORE | DONE
-- EVENTS none
-- @include keys
-- @include freeze
-- @include wake
-- @include whole

-- With one slot it has never left the queue.
local function put_back(task_id)
  redis.call('HDEL', K.task(task_id), 'frozenBy')
  if back_to_queue(task_id) then wake_plan(plan_of(task_id)) end
end

local limit = tonumber(ARGV[1])

WHOLE.ask_index()
look_at_freezes()
local first = redis.call('ZRANGE', K.thawing(), 0, 0, 'WITHSCORES')
local id, upto = first[1], first[2]
if not id then return {'NONE'} end
WHOLE.ask_shared()
if WHOLE.is_other(redis.pcall('ZCARD', K.frozen(id))) then WHOLE.damaged(K.frozen(id)) end
local task_ids = redis.call('ZRANGEBYSCORE', K.frozen(id), '-inf', upto, 'LIMIT', 0, limit)
for _, task_id in ipairs(task_ids) do
  redis.call('ZREM', K.frozen(id), task_id)
  sound(put_back, task_id)
end
if #task_ids == limit then return {'MORE'} end
redis.call('ZREM', K.thawing(), id)
return {'DONE'}
