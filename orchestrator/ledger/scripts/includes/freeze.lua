-- Which freezes are in force, and whether one stops a task (I15). Windows are of people's calendars, so they are judged by
-- the time that people are shown, WALL.
-- A record tells all windows of the coming weeks. `freeze-times` says when each begins or ends next; whoever asks looks at
-- what has come due since the last look, so no moment passes between a window's begin and the first admission in it. What
-- is in force by then stands in `freezes-now`, which is all that an admission reads.
-- @include keys
-- @include clock
-- @include sound
-- @include pattern
-- @include stored_json

-- Whether a window covers WALL, and when that changes next (nil: not by itself); nothing when the last one is over. The
-- windows of one that recurs are known up to a moment: past it nobody knows, and it counts as in force.
local function window_now(record)
  for _, window in ipairs(record.windows) do
    if WALL < window[1] then return false, window[1] end
    if WALL < window[2] then return true, window[2] end
  end
  if not record.knownUntil then return nil end
  if WALL < record.knownUntil then return false, record.knownUntil end
  return true, nil
end

-- Those who wait for it are to be put back into their queues, up to the last of now: who waits anew is not among them.
local function thaw(id)
  if redis.call('EXISTS', K.frozen(id)) == 0 then return end
  redis.call('ZADD', K.thawing(), redis.call('HGET', K.meta(), 'frozen') or 0, id)
end

local function end_freeze(id)
  redis.call('HDEL', K.freezes(), id)
  redis.call('HDEL', K.freezes_now(), id)
  redis.call('ZREM', K.freeze_times(), id)
  thaw(id)
end

-- A record that a hand has damaged does not say whom it stops: all, until a person lifts it.
-- @rare
local function look_at_record(id)
  local text = redis.call('HGET', K.freezes(), id)
  if not text then return end_freeze(id) end
  local record = stored_table(text)
  local known, holds, changes_at = pcall(window_now, record)
  if not known then holds, changes_at, record = true, nil, {all = true} end
  if holds == nil then return end_freeze(id) end
  if changes_at then redis.call('ZADD', K.freeze_times(), changes_at, id) else redis.call('ZREM', K.freeze_times(), id) end
  if holds then
    local before = redis.call('HGET', K.freezes_now(), id)
    local now = cjson.encode({
      tenants = record.tenants, label = record.label, all = record.all, rollbacks = record.rollbacks,
    })
    redis.call('HSET', K.freezes_now(), id, now)
    -- A hand had changed whom it stops: not all who wait for it have to.
    if before and before ~= now then thaw(id) end
  else
    redis.call('HDEL', K.freezes_now(), id)
    thaw(id)
  end
end

-- At most as many as there may be at all (MOST_FREEZES of set_freeze), and each only where its windows begin and end.
local function look_at_freezes()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.freeze_times(), '-inf', WALL)) do sound(look_at_record, id) end
end

-- Read once a script: {id, what it stops}.
local in_force

local function freezes_in_force()
  if in_force then return in_force end
  look_at_freezes()
  in_force = {}
  local found = redis.call('HGETALL', K.freezes_now())
  for i = 1, #found, 2 do
    local is_sound, freeze = pcall(cjson.decode, found[i + 1])
    if not is_sound or type(freeze) ~= 'table' then freeze = {all = true} end
    freeze.id = found[i]
    in_force[#in_force + 1] = freeze
  end
  return in_force
end

local function has_label(task, label)
  local labels = redis.call('HGET', K.task(task.id), 'labels')
  return labels and string.find('\n' .. labels .. '\n', '\n' .. label .. '\n', 1, true) ~= nil
end

-- @rare
local function stops(freeze, task)
  if task.rollback and not freeze.rollbacks then return false end
  return freeze.all or (freeze.tenants and is_like(task.tenant, freeze.tenants)) or (freeze.label and has_label(task, freeze.label))
end

-- The id of a freeze that stops the task from being admitted now; nil when none does, or the task or its plan may pass.
local function freeze_over(task)
  for _, freeze in ipairs(freezes_in_force()) do
    if stops(freeze, task) then return not task.passes_freezes and freeze.id or nil end
  end
  return nil
end
