-- A person's answer to a breaker that has tripped.
-- @include keys
-- @include numbers
-- @include places

local function parts_of_plan(plan_id)
  local parts = {''}
  local waves = math.min(numbers_of(plan_id, 'waves')[1] or 0, MOST_WAVES)
  for wave = 0, waves - 1 do parts[#parts + 1] = part_of(wave) end
  return parts
end

-- The first that has more failures than it bears: 'failed tolerance name', the name '' of the plan; nil when none has. All
-- are read, whichever it is: who asks once more after a write finds no other one damaged.
local function first_breach(plan_id)
  local first
  for _, part in ipairs(parts_of_plan(plan_id)) do
    local found = read_part(plan_id, part)
    if not first and found.limit and found.failed > found.limit then
      local name = part ~= '' and redis.call('HGET', K.plan(plan_id), part .. 'name') or ''
      first = string.format('%d %d %s', found.failed, found.limit, name)
    end
  end
  return first
end

-- What has failed so far is borne besides what was borne before.
local function accept_failures(plan_id)
  for _, part in ipairs(parts_of_plan(plan_id)) do
    local found = read_part(plan_id, part)
    local accepted = tonumber(redis.call('HGET', K.plan(plan_id), part .. 'accepted') or 0)
    if found.limit and found.failed > accepted then redis.call('HSET', K.plan(plan_id), part .. 'accepted', found.failed) end
  end
end

-- The first that its breaker has taken back and nobody has answered for: 'number name', of those that are back or on the
-- way; the name '' of the plan; nil when there is none.
local function first_sent_back(plan_id)
  for _, part in ipairs(parts_of_plan(plan_id)) do
    local back = sent_back(plan_id, part)
    local name = back > 0 and part ~= '' and redis.call('HGET', K.plan(plan_id), part .. 'name') or ''
    if back > 0 then return string.format('%d %s', back, name) end
  end
  return nil
end

-- What a retry of a plan's tasks which is under way was asked for as; empty where a hand has damaged that.
local function read_retry(told)
  local is_read, asked = pcall(cjson.decode, told or '')
  return is_read and type(asked) == 'table' and asked or {}
end

-- The request that it is part of: a narrowed one, which may leave many failures as they are. Nil of the retry of all that
-- failed, which coordinators do.
local function request_of_retry(told)
  local asked = read_retry(told)
  return type(asked.request) == 'table' and asked.request or nil
end

-- Why a plan whose breaker has tripped may not simply go on, and what about; nil when it may.
local function why_not_on(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'waveRollback', 'retryCursor', 'retryAsked')
  if f[1] then return 'takes-wave-back' end
  local breach = first_breach(plan_id)
  -- What has failed is being retried: retry_chunk looks at its end whether that was enough.
  local is_retried = f[2] and not request_of_retry(f[3])
  if breach and not is_retried then return 'breached', breach end
  local back = first_sent_back(plan_id)
  -- So is what is back. Of a plan without the marks, a resume would forget whom its breaker took back.
  local begins_anew = is_retried and read_retry(f[3]).scratch == true and not part_taken_back_before(plan_id)
  if back and not begins_anew then return 'wave-taken-back', back end
  return nil
end
