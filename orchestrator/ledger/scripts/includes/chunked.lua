-- Answers a person's request that takes many scripts once (I17). How far it has come and what it has done are kept by its id,
-- in the write that did it: sent again, it goes on there, and looks at no task twice. With its last script that becomes the
-- answer, which is kept as any other (see request.lua).
-- The assembler makes the body of a verb that includes this a function, `act`, and ends it with `return once(act)`.
-- ARGV  1 plan id  4 request id  5 what is asked, in words; '' to ask only what the answer would be, from the task at the
--       position that stands in the request id's place on
-- @include keys
-- @include operation
-- @include kept_answer
-- @include stored_json
-- @include task_id

local KEPT_MS = 86400000

-- Of the request: the position to go on at, since when it is asked, and how many tasks were done, passed by as damaged,
-- refused, and how many an exclude leaves since they have begun. The refusals are kept by what they say, so many of them.
local SO_FAR = {next = 0, at = WALL, done = 0, damaged = 0, notDone = 0, refusals = {}}
local MOST_REFUSALS = 20

local function once(act)
  if ARGV[5] == '' then
    SO_FAR.next = tonumber(ARGV[4]) or 0
    return would(act)
  end
  local key = K.request(ARGV[4])
  local kept = kept_answer(key)
  if kept then
    local asked, _, so_far = unpack(cjson.decode(kept))
    if asked ~= ARGV[5] or not so_far.next then return {'REPEATED', kept} end
    SO_FAR = so_far
  end
  REQUEST = ARGV[4]
  local answer = act()
  local is_under_way = answer[1] == 'MORE'
  redis.call('SET', key, cjson.encode({ARGV[5], ARGV[1], is_under_way and SO_FAR or answer}), 'PX', KEPT_MS)
  return answer
end

-- refusal: {task id, why, what}.
local function note_refusal(refusal)
  SO_FAR.notDone = SO_FAR.notDone + 1
  local known = SO_FAR.refusals
  for _, one in ipairs(known) do
    if one[2] == refusal[2] and one[3] == refusal[3] then
      one[4] = one[4] + 1
      return
    end
  end
  if #known < MOST_REFUSALS then known[#known + 1] = {refusal[1], refusal[2], refusal[3], 1} end
end

-- What is kept by the request's id goes after a day in which nobody has gone on with it: this is how far the plan says it
-- is. What a hand has damaged there counts as nothing, and never as a task that nobody has looked at.
-- @rare
local function go_on_as_the_plan_says(cursor, since, done, refused, refusals)
  SO_FAR.next = cursor
  if type(since) == 'number' then SO_FAR.at = math.min(since, WALL) end
  for _, refusal in ipairs(stored_table(refusals) or {}) do
    if type(refusal) == 'table' then note_refusal(refusal) end
  end
  SO_FAR.done, SO_FAR.notDone = place_of(done) or 0, place_of(refused) or 0
end

-- What the plan is to say from the first that is retried on, which may come after scripts that refused all they looked at:
-- of each reason one is named.
-- @rare
local function note_so_far(plan, most)
  redis.call('HDEL', plan, 'retryRetried', 'retryRefused', 'retryRefusals')
  if SO_FAR.notDone == 0 then return end
  local named = {}
  for number = 1, math.min(#SO_FAR.refusals, most) do named[number] = {unpack(SO_FAR.refusals[number], 1, 3)} end
  redis.call('HSET', plan, 'retryRefused', SO_FAR.notDone, 'retryRefusals', cjson.encode(named))
end

-- The answer of a script that has done so many and comes to a position of the plan's tasks; with the last of them the request's.
local function come_to(position, total, status, done, damaged)
  SO_FAR.next, SO_FAR.done, SO_FAR.damaged = position, SO_FAR.done + done, SO_FAR.damaged + damaged
  if position < total then return {'MORE', '', '', position} end
  return {SO_FAR.done > 0 and 'ACCEPTED' or 'REFUSED', status, '', cjson.encode(SO_FAR)}
end
