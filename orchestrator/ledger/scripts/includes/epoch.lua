-- The one place that draws epochs (I8): none is ever given out twice, also not after lost writes.
-- @include keys
-- @include clock

-- A server that was restarted, or stands in for another, may lack the last draws, and then nobody knows how many there
-- were. So the first draw on each server, known by its run id, goes on from the time in tenths of a millisecond if that
-- is higher, and from this much further: no server draws faster than that, so what one has given out since it began is
-- below the time at which it lost it, even if the jump was lost with it.
local LOST_EPOCHS = 100000

-- Asked once a script: about fifteen microseconds.
local on_known_server = false

-- The same when the last one is gone, which a hand has deleted: a ledger that is new has 0.
local function note_server()
  local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  local known, last = redis.call('HGET', K.clock(), 'epochsOf'), redis.call('GET', K.epoch())
  if known == server and last then return end
  -- A ledger without a server of its own is new; one of an older release has drawn.
  local next = (known or last) and math.max(tonumber(last or 0), RAW * 10) + LOST_EPOCHS or 0
  redis.call('SET', K.epoch(), string.format('%.0f', next))
  redis.call('HSET', K.clock(), 'epochsOf', server)
end

local function draw_epoch()
  if not on_known_server then note_server() end
  on_known_server = true
  return redis.call('INCR', K.epoch())
end

-- From here on the one who held it can record nothing for the task.
local function fence_off(task)
  task.epoch = draw_epoch()
  redis.call('HSET', K.task(task.id), 'epoch', string.format('%.0f', task.epoch))
end
