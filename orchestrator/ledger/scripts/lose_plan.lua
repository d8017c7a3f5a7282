-- Takes a plan whose record is gone (deleted by a hand, or no hash any more) out of everything, some tasks a call, so
-- that it stops nobody: what is left of it, and what its tasks hold. Its events stay in the feed.
-- KEYS  1 the namespace's root. Touches meta, clock, settings, counters, freezes, freezes-now, plan:{plan},
--       task:{task}, tenant:{tenant} (hashes), seq, epoch, spec:{plan}, plan-seq:{plan}, config:{task},
--       checkpoint:{task} (strings), plans, drafts, ended, purges, ready, due, lost, leases-queued, leases-running,
--       deadlines, beats, handed-back, freeze-times, thawing, awaited, grouped, lined, group-line:{group},
--       frozen:{freeze}, queue:{plan}, line:{tenant} (zsets), active, group:{group}, slots:{plan}, plan-paused:{plan}
--       (sets), inbox, feed, audit, log:{plan} (streams)
-- ARGV  1 plan id  2 position of the first task  3 the most tasks to look at  4 1 if a person has purged it: then
--       nobody is to be told that it is lost
-- CODES MORE, next position, tenants freed | LOST, -1, tenants freed | KEPT (it has a record, or has been taken out)
-- EVENTS TaskWaiting
-- @include keys
-- @include let_go
-- @include plan_gone
-- @include whole

-- What doctor is to tell of: the newest.
local REMEMBERED = 100

local plan_id, first, limit, is_purged = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'

local record = redis.pcall('HGET', K.plan(plan_id), 'status')
if (record and not record.err) or not has_remains(plan_id) then return {'KEPT'} end
WHOLE.ask_shared()
ask_lists()
-- It goes on where another, that ended in the middle, stopped.
if record and record.err then redis.call('UNLINK', K.plan(plan_id)) end
first = math.max(first, place_of(redis.call('HGET', K.plan(plan_id), 'lost')) or 0)

local freed = {}
local found = 0
for position = first, first + limit - 1 do
  local task_id = task_id_of(plan_id, position)
  if redis.call('EXISTS', K.task(task_id), K.config(task_id)) > 0 then
    found = found + 1
    freed[#freed + 1] = let_go(task_id)
  end
end
if found > 0 then
  redis.call('HSET', K.plan(plan_id), 'lost', first + limit)
  return {'MORE', first + limit, freed}
end
leave_lists(plan_id)
local last = log_end(plan_id, 'XREVRANGE', '+', '-').p
if last then keep_plan_number(plan_id, last) end
redis.call('UNLINK', K.plan(plan_id), K.queue(plan_id), K.slots(plan_id), K.plan_paused(plan_id), K.spec(plan_id), K.log(plan_id))
if not is_purged then redis.call('ZADD', K.lost(), WALL, plan_id) end
for _, oldest in ipairs(redis.call('ZRANGE', K.lost(), 0, -REMEMBERED - 1)) do redis.call('ZREM', K.lost(), oldest) end
return {'LOST', -1, freed}
