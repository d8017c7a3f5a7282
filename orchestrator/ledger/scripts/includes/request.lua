-- Answers a person's request once (I17). Its id, drawn by the caller, is kept with the answer for a day: the same id
-- again changes nothing and is answered the same, also when the first answer was lost and its target has moved on.
-- The assembler makes the body of a verb that includes this a function, `act`, and ends it with `return once(act)`.
-- ARGV  1 target  4 request id  5 what is asked, in words: the caller compares, should one id serve two requests;
--       '' to ask only what the answer would be
-- @include keys
-- @include operation
-- @include kept_answer

local KEPT_MS = 86400000

-- A coordinator's own doing is nobody's request: its id is ''.
local function once(act)
  if ARGV[5] == '' then return would(act) end
  if ARGV[4] == '' then return act() end
  local kept = kept_answer(K.request(ARGV[4]))
  if kept then return {'REPEATED', kept} end
  REQUEST = ARGV[4]
  local answer = act()
  redis.call('SET', K.request(ARGV[4]), cjson.encode({ARGV[5], ARGV[1], answer}), 'PX', KEPT_MS)
  return answer
end
