-- Asks an HTTP gate, through a worker: every interval until it says yes or no, and when its time is over. A yes counts
-- until then, by NOW: time in which nobody could ask it does not count. An answer counts for the question
-- it was given to, and only as long as that one is asked: not once a person has answered, the wave has moved again, or the
-- question has been put anew.
-- @include keys
-- @include numbers
-- @include wave_record
-- @include clock
-- @include event
-- @include whole

-- A question that is not answered within this is put again: longer than the exchange may take (ANSWER_SECONDS of
-- workers/looks.py). Then ever more seldom, as it may only wait for a worker, and is not asked any more once it is put anew.
local UNANSWERED_MS, LONGEST_UNANSWERED_MS = 15000, 60000

local function read_gate(plan_id, wave)
  local told = redis.call('HGET', K.plan(plan_id), part_of(wave) .. 'gate')
  if not told or told == 'manual' then return nil end
  local is_read, gate = pcall(cjson.decode, told)
  -- One that a hand has damaged is asked nowhere: a person may answer it, and is told by explain.
  if not is_read or type(gate) ~= 'table' then return nil end
  return type(gate.interval) == 'number' and type(gate.timeout) == 'number' and gate or nil
end

-- No two questions of a namespace have one number, whatever became of their plans and whoever took up their ids.
local function next_question(plan_id)
  local number = redis.call('HINCRBY', K.meta(), 'question', 1)
  redis.call('HSET', K.plan(plan_id), 'gateQuestion', number)
  return number
end

-- Whether it is the one that is asked now.
local function is_asked(plan_id, wave, question)
  local f = redis.call('HMGET', K.plan(plan_id), 'passed', 'gateQuestion')
  return tonumber(f[1] or nil) == wave and f[2] == question and wave_state(plan_id, wave) == WAVE.GATED
end

-- From now on the gate is asked, at once; what it was asked before is over. Besides what is gone by, what people are told
-- is kept, in the time of the wall: since when and how often it is asked, what it said last, when it is asked next, and
-- when its time is over.
local function await_gate(plan_id, wave)
  local gate, plan = read_gate(plan_id, wave), K.plan(plan_id)
  if not gate then return end
  redis.call('HSET', plan, 'gateAskedSince', int(WALL), 'gateEnds', int(NOW + gate.timeout),
    'gateUntil', int(WALL + gate.timeout), 'gateNext', int(WALL), 'gateAsked', 0, 'gateAgain', 0)
  redis.call('HDEL', plan, 'gateSaid', 'gateSaidAt')
  next_question(plan_id)
  await(plan_id, NOW)
end

-- For how long a yes still counts. One that began to wait before `gateEnds` was kept has what people are told.
local function gate_time_left(plan_id)
  local f = numbers_of(plan_id, 'gateEnds', 'gateUntil')
  if f[1] then return f[1] - NOW end
  return f[2] and f[2] - WALL or math.huge
end

-- It is asked again after so many milliseconds, and when its time is over, which people are told anew.
local function ask_gate_in(plan_id, wait_ms, left)
  if left > 0 then wait_ms = math.min(wait_ms, left) end
  if left < math.huge then
    redis.call('HSET', K.plan(plan_id), 'gateEnds', int(NOW + left), 'gateUntil', int(WALL + left))
  end
  redis.call('HSET', K.plan(plan_id), 'gateNext', int(WALL + wait_ms))
  await(plan_id, NOW + wait_ms)
end

local function ask_http_gate(plan_id, wave)
  local gate = read_gate(plan_id, wave)
  if not gate then
    await_nothing(plan_id)
    return {'SWEPT'}
  end
  WHOLE.ask_index()
  local left = gate_time_left(plan_id)
  count_on(K.plan(plan_id), 'gateAsked', 1)
  local again = count_on(K.plan(plan_id), 'gateAgain', 1)
  local wait_ms = math.min(UNANSWERED_MS * 2 ^ math.min(again - 1, 10), LONGEST_UNANSWERED_MS)
  ask_gate_in(plan_id, math.max(wait_ms, gate.interval), left)
  return {'GATE', plan_id, wave, next_question(plan_id)}
end
