-- What the ends of its tasks should have made of a plan: makes up for one that a fault, or a hand, cut short.
-- @include keys
-- @include plan_end

-- Answers what was wrong; nil when nothing was.
local function repair_plan(plan)
  local id, wrong = plan.id, nil
  if PLAN_ENDED[plan.status] then
    local ended_at = WHOLE.number(redis.call('HGET', K.plan(id), 'endedAt')) or WALL
    if redis.call('ZADD', K.ended(), 'NX', NOW - passed(ended_at), id) == 1 then wrong = 'end not filed' end
    if redis.call('SREM', K.active(), id) == 1 then wrong = 'active after its end' end
    return wrong
  end
  local move = foresee(id, {})
  if redis.call('SADD', K.active(), id) == 1 then wrong = 'not active' end
  if not move then return wrong end
  -- One whose last wave soaks, or waits for its gate, is right as it is.
  return settle_plan(move) and 'not settled' or wrong
end
