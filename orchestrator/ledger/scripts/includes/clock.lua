-- Redis' clock decides (ms since the epoch): workers' clocks may differ.
local function clock_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local NOW = clock_ms()
