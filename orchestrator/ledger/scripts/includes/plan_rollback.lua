-- Sends a whole plan back, in O(1): running tasks turn at their boundary, coordinators ask for the others in chunks.
-- @include keys
-- @include event
-- @include move
-- @include wave_record
-- @include wake

-- The table has been asked, and the event written.
local function begin_plan_rollback(move, actor, reason, force)
  local plan = K.plan(move.id)
  local total = redis.call('HGET', plan, 'total')
  move_plan(move)
  redis.call('HSET', plan, 'rollbackCursor', tonumber(total) - 1, 'rollbackForced', force and 1 or 0,
    'rollbackBy', actor, 'rollbackReason', reason)
  redis.call('HDEL', plan, 'pauseRequested', 'pausedFor', 'cancelRequested', 'cancelledBy', 'cancelCursor', 'endedAt',
    'durationMillis', 'rollbackGivenUp', 'retryCursor', 'waveRollback', 'waveRollbackNext')
  redis.call('SADD', K.active(), move.id)
  redis.call('ZREM', K.ended(), move.id)
  await_nothing(move.id)
  emit_plan('PlanRollingBack', move.id)
  wake_plan(move.id)
end
