-- The waves that a breaker takes back: a cursor walks through one after the other, from its last task to its first.
-- @include keys
-- @include places

-- From now on the wave goes back; wave is nil of a plan that has none, of which all goes. False where there is no such wave.
local function take_wave_back(plan_id, wave)
  local plan = K.plan(plan_id)
  local last = wave and redis.call('HGET', plan, part_of(wave) .. 'last') or not wave and redis.call('HGET', plan, 'total') - 1
  if not last then return false end
  redis.call('HSET', plan, 'waveRollback', last)
  if wave then redis.call('HSET', plan, 'waveRollbackOf', wave) end
  return true
end

-- Its breaker has tripped: it goes back, behind another one that is on the way.
local function line_up_wave_back(plan_id, wave)
  local plan = K.plan(plan_id)
  redis.call('HSET', plan, part_of(wave) .. 'sentBack', 1)
  local f = redis.call('HMGET', plan, 'waveRollback', 'waveRollbackOf', 'waveRollbackNext')
  if not f[1] or not wave or tonumber(f[2] or nil) == wave then return take_wave_back(plan_id, wave) end
  redis.call('HSET', plan, 'waveRollbackNext', (f[3] or '') .. ' ' .. string.format('%d', wave))
end

-- The first that is lined up, and the others behind it; nil for none.
local function next_wave_back(plan_id)
  return string.match(redis.call('HGET', K.plan(plan_id), 'waveRollbackNext') or '', '^%s*(%d+)(.*)$')
end

-- All of one have been asked: on to the next, if one is lined up.
local function end_wave_back(plan_id)
  local plan = K.plan(plan_id)
  local wave, others = next_wave_back(plan_id)
  redis.call('HDEL', plan, 'waveRollback', 'waveRollbackNext')
  if not wave then return end
  if others ~= '' then redis.call('HSET', plan, 'waveRollbackNext', others) end
  if not take_wave_back(plan_id, tonumber(wave)) then end_wave_back(plan_id) end
end
