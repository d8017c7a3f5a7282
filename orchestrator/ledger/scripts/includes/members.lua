-- What a field that is a JSON object must hold, whatever a hand has made of it.
-- @include forms
-- @include stored_json

local function read_object(text)
  local is_read, told = pcall(cjson.decode, string.sub(text, 1, 1) == '{' and text or '')
  return is_read and told or nil
end

-- A value of whatever was read, for people.
local function spelled(value)
  local is_written, text = pcall(cjson.encode, value)
  if is_written then return text end
  if type(value) ~= 'number' then return '{...}' end
  return value ~= value and 'NaN' or value > 0 and 'Infinity' or '-Infinity'
end

local function is_deeper(value, levels)
  if type(value) ~= 'table' then return false end
  if levels == 0 then return true end
  for _, inner in pairs(value) do
    if is_deeper(inner, levels - 1) then return true end
  end
  return false
end

-- Most have so few levels that they need not be followed.
local function is_deep(text, told)
  local _, openings = string.gsub(text, '[%[{]', '')
  return openings > MOST_DEPTH and is_deeper(told, MOST_DEPTH)
end

local IS = {
  text = function(value) return type(value) == 'string' end,
  number = function(value) return type(value) == 'number' and value >= 0 and value < MOST and value % 1 == 0 end,
  flag = function(value) return type(value) == 'boolean' end,
  object = function(value) return type(value) == 'table' and #value == 0 end,
}

-- The first member that is not as the form says, and its value as JSON.
local function wrong_member(form, told)
  for member, kind, must in string.gmatch(form, '([%w.]+):(%a+)([!?]?)') do
    local value, head, rest = told[member], string.match(member, '^(%w+)%.(%w+)$')
    if head then value = type(told[head]) == 'table' and told[head][rest] or nil end
    if value == nil then
      if must == '!' then return member, '' end
    elseif not IS[kind](value) and not (value == cjson.null and must == '?') then
      return member, spelled(value)
    end
  end
end
