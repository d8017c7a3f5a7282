-- Ends the verb: the table has no such row, or its guard does not hold. Asked before the first write (see move.lua).

-- @rare
local function refuse(kind, id, status, trigger) error({bad_move = {kind, id, status, trigger}}, 0) end
