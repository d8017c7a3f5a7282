-- Finds the tasks of one tenant: who speaks for it, and which have not ended, of however many plans; writes nothing.
-- KEYS  1 the namespace's root. Touches plan:{plan}, task:{task}, tenant:{tenant} (hashes)
-- ARGV  1 tenant id  2 the most tasks to look at, the newest first
-- CODES FOUND, newest task, its status, 1 if it has touched the tenant, the task that moved the tenant last if it has a
--       record, then of each open task {task, status, 1 if it is to go back}, the newest first; '' for none
-- EVENTS none
-- @include keys
-- @include task_id

local tenant = redis.pcall('HMGET', K.tenant(ARGV[1]), 'newest', 'holder', 'mover')
if tenant.err then return {'FOUND', '', '', '', ''} end
local newest, holder, mover = tenant[1] or '', tenant[2] or '', tenant[3] or ''

local IS_OPEN = {[TASK.PENDING] = true, [TASK.RUNNING] = true, [TASK.PAUSED] = true, [TASK.ROLLING_BACK] = true}
-- What a hand has put there, and is no record, hides no other.
local function read(key) return redis.pcall('HMGET', key, 'status', 'rollbackRequested', 'prev', 'touched') end

local open, seen_holder = {}, holder == ''
local function add(task_id, f)
  if not (IS_OPEN[f[1] or ''] or f[2] == '1') then return end
  -- A draft starts nothing, and nothing can be asked of its tasks.
  local plan = redis.pcall('HGET', K.plan(plan_of(task_id) or ''), 'status')
  if plan ~= PLAN.CREATED then open[#open + 1] = {task_id, f[1] or '', f[2] == '1' and '1' or ''} end
end

local task_id, first = newest, nil
for _ = 1, tonumber(ARGV[2]) do
  if task_id == '' then break end
  local f = read(K.task(task_id))
  first = first or f
  seen_holder = seen_holder or task_id == holder
  add(task_id, f)
  task_id = f[3] or ''
end
-- Also one that stands further back, or that a damaged link hides.
if not seen_holder then add(holder, read(K.task(holder))) end

local is_touched = first and (tonumber(first[4] or 0) or 0) > 0
local is_known = mover ~= '' and read(K.task(mover))[1]
return {'FOUND', newest, first and first[1] or '', is_touched and '1' or '', is_known and mover or '', unpack(open)}
