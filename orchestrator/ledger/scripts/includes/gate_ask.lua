-- Asks an HTTP gate, through a worker: every interval until it says yes or no, or its time is over.
-- @include keys
-- @include wave_record
-- @include clock
-- @include event

-- A question that is not answered within this is put again.
local UNANSWERED_MS = 60000

local function read_gate(plan_id, wave)
  local told = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'gate')
  if not told or told == 'manual' then return nil end
  local is_read, gate = pcall(cjson.decode, told)
  -- One that a hand has damaged is asked nowhere: a person may answer it, and is told by explain.
  if not is_read or type(gate) ~= 'table' then return nil end
  return type(gate.interval) == 'number' and type(gate.timeout) == 'number' and gate or nil
end

-- From now on the gate is asked, at once.
local function await_gate(plan_id, wave)
  if not read_gate(plan_id, wave) then return end
  redis.call('HSET', K.plan(plan_id), 'gateSince', int(NOW))
  await(plan_id, NOW)
end

local function ask_http_gate(plan_id, wave)
  local gate = read_gate(plan_id, wave)
  if not gate then
    await_nothing(plan_id)
    return {'SWEPT'}
  end
  local question = redis.call('HINCRBY', K.plan(plan_id), 'gateQuestion', 1)
  await(plan_id, NOW + math.max(UNANSWERED_MS, gate.interval))
  return {'GATE', plan_id, wave, question}
end

-- Whether it has been asked for as long as its plan allows.
local function gate_is_overdue(plan_id, gate)
  return NOW - tonumber(redis.call('HGET', K.plan(plan_id), 'gateSince') or NOW) >= gate.timeout
end
