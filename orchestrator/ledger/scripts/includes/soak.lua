-- The soak of a wave: its completed tenants are looked at in rounds, each answered whole before the next. A look that
-- nobody answers is handed out again. It is over when its time is, the last round included, and nobody is in doubt. Where
-- no stage asks for a tenant's health there is nothing to look at, and nothing to do before its end.
-- @include keys
-- @include numbers
-- @include wave_record
-- @include event
-- @include clock
-- @include task_id

-- Looks that are not answered are handed out again after this long, then ever more seldom.
local FIRST_AGAIN_MS, LONGEST_AGAIN_MS = 60000, 3600000

local function soak_numbers(plan_id)
  local f = numbers_of(plan_id, 'soakEnds', 'soakUntil', 'soakAt', 'soakLook', 'soakFirst', 'soakLeft', 'soakDoubts')
  local cursor, retry = unpack(redis.call('HMGET', K.plan(plan_id), 'soakCursor', 'retryCursor'))
  return {
    ends = f[1] or 0, till = f[2] or 0, at = f[3] or 0, look = f[4] or 0, first = f[5] or 1, left = f[6] or 0,
    doubts = f[7] or 0, cursor = place_of(cursor), retrying = retry and true,
  }
end

local function only_waits(plan_id, wave) return redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'onlyWaits') == 1 end

-- When the next round begins: the last one with the end of the soak, by the ledger's clock and then, if that has been put
-- back, by the one on the wall. While somebody is in doubt it is an interval after the last answer, so that the next look
-- tells.
local function due_round(plan_id, wave, soak)
  local interval = tonumber(redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'interval'))
  local due = (soak.doubts > 0 and NOW or soak.at) + interval
  if soak.doubts <= 0 and soak.at < soak.ends then
    due = only_waits(plan_id, wave) and soak.ends or math.min(due, soak.ends)
  elseif soak.doubts <= 0 and WALL < soak.till then
    due = math.min(due, NOW + soak.till - RAW)
  end
  await(plan_id, math.max(due, NOW))
end

-- What that goes by, before the write that it comes with.
-- @rare
local function ask_soak(plan_id, wave)
  ask_there(plan_id, part_of(wave) .. 'soak', part_of(wave) .. 'interval')
  numbers_of(plan_id, 'soakLook')
end

local function begin_soak(plan_id, wave)
  local plan = K.plan(plan_id)
  local length = tonumber(redis.call('HGET', plan, part_of(wave) .. 'soak'))
  local look = tonumber(redis.call('HGET', plan, 'soakLook') or 0)
  redis.call('HSET', plan, 'soakEnds', int(NOW + length), 'soakUntil', int(WALL + length), 'soakAt', int(NOW),
    'soakFirst', look + 1, 'soakLeft', 0, 'soakDoubts', 0, part_of(wave) .. 'until', int(WALL + length))
  redis.call('HDEL', plan, 'soakCursor', 'soakAgain')
  due_round(plan_id, wave, soak_numbers(plan_id))
end

-- By both clocks: neither of them may have been moved past the end. While a retry of many is under way nobody knows yet who
-- of the wave is moved again.
local function soak_is_over(soak)
  return soak.doubts <= 0 and not soak.retrying and NOW >= soak.ends and WALL >= soak.till
end

local function next_look(plan_id, soak, seen)
  soak.look, soak.left, soak.at = soak.look + 1, seen, NOW
  redis.call('HSET', K.plan(plan_id), 'soakLook', soak.look, 'soakLeft', seen, 'soakAt', int(NOW), 'soakAgain', 0)
end
