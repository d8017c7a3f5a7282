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

-- What a turn's every write goes to.
function WHOLE.ask_leases()
  if ASKED.leases then return end
  ASKED.leases = true
  for _, key in ipairs({K.leases_running(), K.leases_queued(), K.deadlines()}) do
    if WHOLE.is_other(redis.pcall('ZCARD', key)) then WHOLE.damaged_for_all(key) end
  end
end

-- What a move of a task or a plan writes to besides.
function WHOLE.ask_index()
  if ASKED.index then return end
  ASKED.index = true
  for _, key in ipairs({K.ready(), K.ended(), K.lined(), K.freeze_times(), K.thawing()}) do
    if WHOLE.is_other(redis.pcall('ZCARD', key)) then WHOLE.damaged_for_all(key) end
  end
  if WHOLE.is_other(redis.pcall('SCARD', K.active())) then WHOLE.damaged_for_all(K.active()) end
  if WHOLE.is_other(redis.pcall('HEXISTS', K.freezes_now(), '')) then WHOLE.damaged_for_all(K.freezes_now()) end
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

-- Of no plan: the stream of its own takes the place of a log, and all go by it.
function WHOLE.ask_own_events()
  WHOLE.ask_index()
  if WHOLE.is_other(redis.pcall('XLEN', K.own_log())) then WHOLE.damaged_for_all(K.own_log()) end
  if WHOLE.is_other(redis.pcall('HEXISTS', K.freezes(), '')) then WHOLE.damaged_for_all(K.freezes()) end
  if WHOLE.is_other(redis.pcall('XLEN', K.feed())) then WHOLE.damaged_for_all(K.feed()) end
  local last = WHOLE.last_event()
  for _, stream in ipairs({K.feed(), K.own_log()}) do
    if redis.call('XREAD', 'COUNT', 1, 'STREAMS', stream, last) then WHOLE.damaged_for_all(stream) end
  end
end
