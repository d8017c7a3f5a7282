-- Patterns in which * stands for any run of characters. Looked for piece by piece, so none takes long.

-- The pattern that ARGV gives as the JSON list of what stands between its stars; nil for none.
local function read_pattern(argument)
  return argument ~= '' and cjson.decode(argument) or nil
end

local function is_like(text, parts)
  local first, last = parts[1], parts[#parts]
  if #parts == 1 then return text == first end
  if text:sub(1, #first) ~= first then return false end
  local at = #first + 1
  for i = 2, #parts - 1 do
    local from, to = text:find(parts[i], at, true)
    if not from then return false end
    at = to + 1
  end
  return #text - #last + 1 >= at and text:sub(#text - #last + 1) == last
end
