-- A person's answer to a breaker that has tripped.
-- @include keys
-- @include places

local function parts_of_plan(plan_id)
  local parts = {''}
  local waves = waves_in(redis.call('HGET', K.plan(plan_id), 'waves'))
  for wave = 0, waves - 1 do parts[#parts + 1] = part_of(wave) end
  return parts
end

-- The first that has more failures than it bears: 'failed tolerance name', the name '' of the plan; nil when none has.
local function first_breach(plan_id)
  for _, part in ipairs(parts_of_plan(plan_id)) do
    local found = read_part(plan_id, part)
    if found.limit and found.failed > found.limit then
      local name = part ~= '' and redis.call('HGET', K.plan(plan_id), part .. 'name') or ''
      return string.format('%d %d %s', found.failed, found.limit, name)
    end
  end
  return nil
end

-- What has failed so far is borne besides what was borne before.
local function accept_failures(plan_id)
  for _, part in ipairs(parts_of_plan(plan_id)) do
    local found = read_part(plan_id, part)
    local accepted = tonumber(redis.call('HGET', K.plan(plan_id), part .. 'accepted') or 0)
    if found.limit and found.failed > accepted then redis.call('HSET', K.plan(plan_id), part .. 'accepted', found.failed) end
  end
end

-- Why a plan whose breaker has tripped may not simply go on, and what about; nil when it may.
local function why_not_on(plan_id, tripped)
  local f = redis.call('HMGET', K.plan(plan_id), 'waveRollback', 'waveRollbackOf', 'retryCursor')
  if f[1] then return 'takes-wave-back' end
  local breach = first_breach(plan_id)
  -- What has failed is being retried; until that is done no move starts, resumed or not.
  if breach and not f[3] then return 'breached', breach end
  if tripped ~= 'rollback_wave' then return nil end
  local back = tonumber(redis.call('HGET', K.plan(plan_id), part_of(tonumber(f[2] or nil)) .. COUNT.ROLLED_BACK) or 0)
  if back > 0 then return 'wave-taken-back', back end
  return nil
end
