-- Writes events: to the plan's log (whole) and to the namespace's feed (capped), in the state's own write.
-- @include keys
-- @include settings
-- @include clock
-- @include counters

-- A whole number as text: Lua would write large ones with an exponent.
local function int(number) return string.format('%.0f', tonumber(number)) end

-- Several events of one kind and plan at once: entries is a list of {task, tenant, stage, data}.
local function emit_all(kind, plan_id, entries)
  local added = #entries
  -- What a hand may have damaged comes first, or is passed by: a number drawn and not written would be a gap in
  -- everybody's sequence.
  local log, feed = K.log(plan_id), K.feed()
  local plan_seq = redis.call('HINCRBY', K.plan(plan_id), 'planSeq', added) - added
  local seq = redis.call('INCRBY', K.seq(), added) - added
  count('event:' .. kind, added)
  for i, entry in ipairs(entries) do
    local id = int(seq + i) .. '-0'
    local number = int(plan_seq + i)
    local logged = redis.pcall('XADD', log, id, 'p', number, 'e', kind, 'k', entry[1], 'n', entry[2], 's', entry[3], 't', int(WALL),
      'd', entry[4])
    if type(logged) == 'table' and not string.find(logged.err, 'WRONGTYPE', 1, true) then error(logged, 0) end
    redis.call('XADD', feed, 'MAXLEN', '~', SETTINGS.FEED_MAX, id, 'p', number, 'e', kind, 'k', entry[1], 'n', entry[2],
      's', entry[3], 't', int(WALL), 'd', entry[4], 'l', plan_id)
  end
end

-- data is a JSON object; task_id, tenant_id and stage are '' where the event has none.
local function emit(kind, plan_id, task_id, tenant_id, stage, data)
  emit_all(kind, plan_id, {{task_id, tenant_id, stage, data}})
end

local function emit_plan(kind, plan_id, data) emit(kind, plan_id, '', '', '', data or '{}') end
