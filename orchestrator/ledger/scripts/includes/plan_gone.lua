-- What stays of a plan, and of its tasks' places, when it leaves the ledger.
-- @include keys
-- @include task_id
-- @include sound
-- @include whole

-- A later plan of the same id goes on counting where this one stopped: consumers drop what is not newer.
local NUMBER_KEPT_MS = 90 * 86400000

-- last: of its last event, if its record is gone.
local function keep_plan_number(plan_id, last)
  last = last or redis.call('HGET', K.plan(plan_id), 'planSeq')
  if last then redis.call('SET', K.plan_seq(plan_id), last, 'PX', NUMBER_KEPT_MS) end
end

local function take_plan_number(plan_id)
  local last = redis.call('GET', K.plan_seq(plan_id))
  if not last then return end
  redis.call('DEL', K.plan_seq(plan_id))
  -- Of one that a hand has made no number of nobody knows where that was.
  if not WHOLE.is_whole(last) then return end
  redis.call('HSET', K.plan(plan_id), 'planSeq', last, 'planSeqFrom', last)
end

-- The first or the last entry of its log; none where a hand has damaged that.
local function log_end(plan_id, command, from, to)
  local entry, fields = redis.pcall(command, K.log(plan_id), from, to, 'COUNT', 1)[1], {}
  for i = 1, entry and #entry[2] or 0, 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end

-- What a hand has made of the record does not tell which number its next event has: the log does.
local function mend_plan_number(plan_id)
  local known = redis.pcall('HGET', K.plan(plan_id), 'planSeq')
  local last = log_end(plan_id, 'XREVRANGE', '+', '-').p
  if WHOLE.is_other(known) then redis.call('UNLINK', K.plan(plan_id)) end
  redis.call('HSET', K.plan(plan_id), 'planSeq', WHOLE.number(last) or WHOLE.number(known) or 0)
  ASKED.numbers[plan_id] = true
end

-- All that names plans, beside their tasks.
local function ask_lists()
  WHOLE.ask_of_type('ZCARD', {K.plans(), K.drafts(), K.ended(), K.purges(), K.ready(), K.due(), K.awaited(), K.lost()})
  WHOLE.ask_of_type('SCARD', {K.active()})
end

local function leave_lists(plan_id)
  for _, ids in ipairs({K.plans(), K.drafts(), K.ended(), K.ready(), K.due(), K.awaited()}) do redis.call('ZREM', ids, plan_id) end
  redis.call('SREM', K.active(), plan_id)
end

-- Whether a plan without a sound record has left something here that no purge is taking out.
local function has_remains(plan_id)
  WHOLE.ask_of_type('ZCARD', {K.purges(), K.plans(), K.drafts(), K.ended()})
  WHOLE.ask_of_type('SCARD', {K.active()})
  if redis.call('ZSCORE', K.purges(), plan_id) then return false end
  for _, ids in ipairs({K.plans(), K.drafts(), K.ended()}) do
    if redis.call('ZSCORE', ids, plan_id) then return true end
  end
  local first = task_id_of(plan_id, 0)
  return redis.call('SISMEMBER', K.active(), plan_id) == 1
    or redis.call('EXISTS', K.plan(plan_id), K.spec(plan_id), K.log(plan_id), K.task(first), K.config(first)) > 0
end

-- A tenant's tasks are linked from its newest one back by 'prev'. One that goes is taken out of that chain, so that
-- `--tenant` never names a task that is gone. Few are younger than one that goes; in a longer chain the end is cut off.
local LONGEST_CHAIN = 20

local function unlink_task(task_id)
  local f = redis.call('HMGET', K.task(task_id), 'tenant', 'prev')
  if not f[1] then return end
  local tenant, prev = K.tenant(f[1]), f[2] or ''
  if prev ~= '' and redis.call('EXISTS', K.task(prev)) == 0 then prev = '' end
  local younger = redis.call('HGET', tenant, 'newest')
  if younger == task_id then
    if prev == '' then redis.call('HDEL', tenant, 'newest') else redis.call('HSET', tenant, 'newest', prev) end
    return
  end
  for _ = 1, LONGEST_CHAIN do
    local older = younger and redis.call('HGET', K.task(younger), 'prev')
    if not older or older == '' then return end
    if older == task_id then
      redis.call('HSET', K.task(younger), 'prev', prev)
      return
    end
    younger = older
  end
end

-- Where a hand has damaged the chain, there is none to mend.
local function forget_task(task_id) sound(unlink_task, task_id) end
