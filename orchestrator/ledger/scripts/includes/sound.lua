-- Work on records that a hand may have damaged: of somebody else's, after one's own have been written (I19).

-- A server that is full or failing over refuses every write, and a damaged key that all go by is no matter of one: both
-- are nobody's fault. Nor is it a record's what a script writes without having asked for it.
local REFUSALS = {'OOM', 'READONLY', 'MISCONF', 'NOREPLICAS', 'maxmemory', 'DAMAGEDKEY', 'not asked for'}
local function is_refusal(text)
  for _, word in ipairs(REFUSALS) do
    if string.find(text, word, 1, true) then return true end
  end
  return false
end

local function fault_text(fault) return type(fault) == 'table' and fault.err or tostring(fault) end

-- What the work answers; nil when a damaged record ended it.
local function sound(work, ...)
  local done, answer, more = pcall(work, ...)
  if done then return answer, more end
  -- A move that the table does not know is a bug, and said as one.
  local is_bug = type(answer) == 'table' and answer.bad_move
  if is_bug or is_refusal(fault_text(answer)) then error(answer, 0) end
  return nil
end
