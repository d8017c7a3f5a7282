-- A worker that has come takes turns that wait for one that can run them: each, under its next number, is due at once,
-- for that worker. The message that waits becomes a copy, which whoever gets it drops.
-- KEYS  1 the namespace's root. Touches clock, settings, plan:{plan}, task:{task}, tenant:{tenant} (hashes), seq
--       (string), leases-queued, leases-running, deadlines, beats (zsets), feed, log:{plan} (streams)
-- ARGV  1 the worker's own queue  2 and on: tasks that it could run and whose lanes it serves
-- CODES TAKEN, then a list of {task, tenant, mode, epoch, stage, legs, turn}: those that waited, to be published there
-- EVENTS none
-- @include keys
-- @include lease
-- @include sound
-- @include task
-- @include beats
-- @include stored_json

local own = ARGV[1]
local rows = {}

local function take(task)
  local key = K.task(task.id)
  local f = redis.call('HMGET', key, 'handedBack', 'dueAt')
  local last = stored_table(f[1])
  if not last then return end
  local due = tonumber(f[2] or nil) or 0
  -- Due later than that, a poll waits for its own time.
  if last.to ~= '' or due <= NOW or due > (tonumber(last.back) or 0) then return end
  last.to = own
  redis.call('HSET', key, 'handedBack', cjson.encode(last), 'turn', task.turn + 1, 'dueAt', int(NOW))
  lease_queued(task, NOW)
  if task.stage_started then note_beat(task, NOW) end
  rows[#rows + 1] = {task.id, task.tenant, task.status, task.epoch, task.stage, task.legs, task.turn + 1}
end

for i = 2, #ARGV do
  local task = read_task(ARGV[i])
  if task and TASK_ACTIVE[task.status] and task.lease == 'queued' and task.handed_back and holds_tenant(task) then
    sound(take, task)
  end
end
return {'TAKEN', rows}
