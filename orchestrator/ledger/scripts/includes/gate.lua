-- The gate behind a wave: who answers it, and what it is.
-- @include keys
-- @include waves
-- @include operation

-- The wave of this name whose gate is to be answered, by its index; '' is the one that waits. nil and why not. question:
-- of the gate's own answer the number of what it was asked, nil of a person's.
local function find_gate(plan_id, name, question)
  local f = redis.call('HMGET', K.plan(plan_id), 'waves', 'passed')
  local waves, passed = waves_in(f[1]), tonumber(f[2] or 0)
  local wave = name == '' and passed or nil
  for i = 0, waves - 1 do
    if name ~= '' and redis.call('HGET', K.plan(plan_id), part_of(i) .. 'name') == name then wave = i end
  end
  if not wave then return nil, 'no-wave' end
  local gated = redis.call('HEXISTS', K.plan(plan_id), part_of(wave) .. 'gate') == 1
  if name ~= '' and not gated then return nil, 'no-gate' end
  local state = wave_state(plan_id, wave)
  if state == WAVE.PASSED then return nil, 'approved' end
  if state ~= WAVE.GATED and state ~= WAVE.REJECTED then return nil, 'gate-not-asked' end
  if question and not is_asked(plan_id, wave, question) then return nil, 'gate-not-asked' end
  return wave, state
end

-- The first write of both answers.
local function emit_gate(kind, plan_id, wave, actor, reason)
  ask_operation('answer', plan_id)
  ask_first()
  emit_wave(kind, plan_id, wave, ',"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason)
    .. ',"requestId":' .. (REQUEST ~= '' and cjson.encode(REQUEST) or 'null'))
end
