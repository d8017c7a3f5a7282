-- What keeps a plan paused.
-- @include keys
-- @include operation

-- The wave whose gate has paused the plan, by name, when nobody else has since; nil when it is not that.
local function pausing_gate(plan_id)
  local ok, pause = pcall(cjson.decode, redis.call('HGET', K.plan(plan_id), 'pausedFor') or '')
  local options = ok and type(pause) == 'table' and pause.options
  local gate = type(options) == 'table' and options.gate
  return type(gate) == 'string' and gate or nil
end
