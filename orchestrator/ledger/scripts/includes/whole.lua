-- Whether what a verb is about to write to is what was written there. Asked before its first write: one that failed in
-- the middle would leave a state without its event, and nobody to go on from it (I6, I9). A key that a whole namespace
-- goes by stops every verb, under a code that callers take for that of a server that is away; a key of one plan or
-- tenant stops what is done with that one alone (I19).
-- @include keys

-- Its functions, and what they have asked already in this script.
local WHOLE, ASKED = {}, {events = {}, plans = {}, places = {}, groups = {}, counts = {}, numbers = {}}

function WHOLE.damaged(key) error('the key ' .. key .. ' is damaged', 0) end

function WHOLE.damaged_for_all(key) error('DAMAGEDKEY the key ' .. key .. ' is damaged', 0) end

-- Of the answer to a command that reads, of the type that the key is to have.
function WHOLE.is_other(found)
  if type(found) ~= 'table' or not found.err then return false end
  if not string.find(found.err, 'WRONGTYPE', 1, true) then error(found, 0) end
  return true
end

-- Whether it is a number of 0 or above that Redis, and a script, can add one to; so is one that is not there yet.
local LONGEST_NUMBER = 15
function WHOLE.is_whole(text)
  if not text then return true end
  if type(text) ~= 'string' or #text > LONGEST_NUMBER then return false end
  return text == '0' or string.find(text, '^[1-9]%d*$') ~= nil
end

-- As a number; nil of one that is none, or not there.
function WHOLE.number(text) return text and WHOLE.is_whole(text) and tonumber(text) or nil end

-- Keys of one type that all go by. command: one that reads such a key; then what it takes besides.
function WHOLE.ask_of_type(command, keys, ...)
  for _, key in ipairs(keys) do
    if WHOLE.is_other(redis.pcall(command, key, ...)) then WHOLE.damaged_for_all(key) end
  end
end

-- What a turn's every write goes to.
function WHOLE.ask_leases()
  if ASKED.leases then return end
  ASKED.leases = true
  WHOLE.ask_of_type('ZCARD', {K.leases_running(), K.leases_queued(), K.deadlines()})
end

-- What a move of a task or a plan writes to besides.
function WHOLE.ask_index()
  if ASKED.index then return end
  ASKED.index = true
  WHOLE.ask_of_type('ZCARD', {K.ready(), K.ended(), K.lined(), K.freeze_times(), K.thawing()})
  WHOLE.ask_of_type('SCARD', {K.active()})
  WHOLE.ask_of_type('HEXISTS', {K.freezes_now()}, '')
  if not WHOLE.is_whole(redis.pcall('GET', K.epoch())) then WHOLE.damaged_for_all(K.epoch()) end
  local numbers = redis.pcall('HMGET', K.meta(), 'ticket', 'question', 'frozen', 'freezes', 'recoveries',
    'reconcilerRepairs')
  for i = 1, 6 do
    if numbers.err or not WHOLE.is_whole(numbers[i]) then WHOLE.damaged_for_all(K.meta()) end
  end
end

-- Whether events can be written: the next number is known, and no stream has one beyond the last. Of a plan that this
-- does not hold for, its log is to blame. A number that is lost while there are events is damaged too.
function WHOLE.last_event()
  local seq = redis.pcall('GET', K.seq())
  if not WHOLE.is_whole(seq) then WHOLE.damaged_for_all(K.seq()) end
  return (seq or '0') .. '-0'
end

function WHOLE.can_tell(plan_id)
  if ASKED.events[plan_id] ~= nil then return ASKED.events[plan_id] end
  local feed, log, last = K.feed(), K.log(plan_id), WHOLE.last_event()
  local beyond = redis.pcall('XREAD', 'COUNT', 1, 'STREAMS', feed, log, last, last)
  if beyond then
    if WHOLE.is_other(redis.pcall('XLEN', feed)) then WHOLE.damaged_for_all(feed) end
    if not beyond.err and (last == '0-0' or beyond[1][1] == feed) then WHOLE.damaged_for_all(K.seq()) end
    if beyond.err and not WHOLE.is_other(redis.pcall('XLEN', log)) then error(beyond, 0) end
  end
  ASKED.events[plan_id] = not beyond
  return not beyond
end

-- Of a plan the number of its last one; one that is lost is damaged, too.
function WHOLE.ask_number(plan_id)
  if ASKED.numbers[plan_id] then return end
  local last = redis.pcall('HGET', K.plan(plan_id), 'planSeq')
  local is_lost = not last and redis.call('EXISTS', K.log(plan_id)) == 1
  if is_lost or not WHOLE.is_whole(last) then WHOLE.damaged(K.plan(plan_id)) end
  ASKED.numbers[plan_id] = true
end

function WHOLE.ask_events(plan_id)
  if not WHOLE.can_tell(plan_id) then WHOLE.damaged(K.log(plan_id)) end
  WHOLE.ask_number(plan_id)
end

-- The same of streams that all go by.
function WHOLE.ask_streams(keys)
  WHOLE.ask_of_type('XLEN', keys)
  local last = WHOLE.last_event()
  for _, key in ipairs(keys) do
    if redis.call('XREAD', 'COUNT', 1, 'STREAMS', key, last) then WHOLE.damaged_for_all(key) end
  end
end

-- Of no plan: the stream of its own takes the place of a log, and all go by it.
function WHOLE.ask_own_events()
  WHOLE.ask_index()
  WHOLE.ask_of_type('HEXISTS', {K.freezes()}, '')
  WHOLE.ask_streams({K.feed(), K.own_log()})
  ASKED.own_events = true
end

-- All that a write goes to which may wake somebody of whatever plan.
function WHOLE.ask_shared()
  WHOLE.ask_leases()
  WHOLE.ask_index()
  WHOLE.ask_streams({K.feed()})
end
