-- What stands in the ledger as JSON, where a hand may have damaged it: `1e999` is read as a number, and no number that can
-- be written again. The Python side is orchestrator/domain/stored_json.py.

local function can_be_written(value) return (pcall(cjson.encode, value)) end

-- The object or list that it is; nil for what is none, or could not be written again.
local function stored_table(text)
  local is_read, told = pcall(cjson.decode, text or '')
  return is_read and type(told) == 'table' and can_be_written(told) and told or nil
end
