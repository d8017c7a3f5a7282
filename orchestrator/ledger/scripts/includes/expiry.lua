-- A plan that could not start its first move in time is given up.
-- @include keys
-- @include operation
-- @include pace

local TOO_LATE = 'it could not start before its not_after'

local function give_up_if_late(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'notAfter', 'status', 'cancelRequested')
  if WALL < (time_in(plan_id, f[1]) or math.huge) or f[3] == '1' or not plan_row(f[2], 'cancel') then return end
  emit_operation('cancel', plan_id, nil, 'system', TOO_LATE)
  redis.call('HSET', K.plan(plan_id), 'cancelRequested', 1, 'cancelledBy', 'system: ' .. TOO_LATE, 'cancelCursor', 0)
  redis.call('HDEL', K.plan(plan_id), 'retryCursor')
end
