-- Which lane a tenant has, as orchestrator/domain/lanes.py says: the CRC-32 of its id by the number of lanes.

local function crc32(text)
  local value = bit.bnot(0)
  for i = 1, #text do
    value = bit.bxor(value, string.byte(text, i))
    for _ = 1, 8 do
      local odd = bit.band(value, 1) == 1
      value = bit.rshift(value, 1)
      if odd then value = bit.bxor(value, 0xEDB88320) end
    end
  end
  -- The library's numbers have a sign.
  return bit.bnot(value) % 4294967296
end

-- served: '' is every lane; else the number of lanes and those served, '4:0,2,'.
local function is_served(tenant_id, served)
  if served == '' then return true end
  local lanes, list = string.match(served, '^(%d+):(.*)$')
  return string.find(',' .. list, ',' .. string.format('%d', crc32(tenant_id) % tonumber(lanes)) .. ',', 1, true) ~= nil
end
