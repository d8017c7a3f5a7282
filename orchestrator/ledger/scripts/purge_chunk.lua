-- Takes out the next tasks of a plan that is being purged. What its tenants need for a later rollback stays: last known
-- good and last mover. Harmless in parallel and when repeated.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, config:{task}, checkpoint:{task} (strings), ended, purges,
--       ready, leases-queued, leases-running, deadlines, beats, handed-back, freeze-times, thawing, grouped, lined,
--       group-line:{group}, frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan},
--       plan-paused:{plan} (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 the most tasks to take out
-- CODES NONE | MORE, plan id, tasks left | DONE, plan id, 0
-- EVENTS TaskWaiting
-- @include keys
-- @include task_id
-- @include let_go
-- @include whole

local limit = tonumber(ARGV[1])

-- Where a hand has changed how many are left: they go from the last to the first, so those that are there are the first.
-- @rare
local function count_left(plan_id)
  local function is_there(position)
    return redis.call('EXISTS', K.task(task_id_of(plan_id, position)), K.config(task_id_of(plan_id, position))) > 0
  end
  local known, beyond = 0, 1
  while beyond < MOST_TASKS and is_there(beyond - 1) do known, beyond = beyond, beyond * 2 end
  while beyond - known > 1 do
    local middle = math.floor((known + beyond) / 2)
    if is_there(middle - 1) then known = middle else beyond = middle end
  end
  return known
end

WHOLE.ask_of_type('ZCARD', {K.purges()})
local head = redis.call('ZRANGE', K.purges(), 0, 0, 'WITHSCORES')
if not head[1] then return {'NONE'} end
WHOLE.ask_shared()
local plan_id = head[1]
local left = place_of(head[2]) or count_left(plan_id)
local first = math.max(left - limit, 0)
for position = left - 1, first, -1 do
  -- A task that has ended holds nothing; of a plan that was purged by force one may.
  let_go(task_id_of(plan_id, position))
end
if first > 0 then
  redis.call('ZADD', K.purges(), first, plan_id)
  return {'MORE', plan_id, first}
end
redis.call('ZREM', K.purges(), plan_id)
return {'DONE', plan_id, 0}
