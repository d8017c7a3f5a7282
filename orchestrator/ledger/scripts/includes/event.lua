-- Writes events: to the plan's log (whole) and to the namespace's feed (capped), in the state's own write.
-- @include keys
-- @include settings
-- @include clock
-- @include counters
-- @include sound
-- @include whole

-- A whole number as text: Lua would write large ones with an exponent.
local function int(number) return string.format('%.0f', tonumber(number)) end

-- A verb that writes many of one plan holds them, and writes all at its end under one draw of numbers.
local HELD, HELD_PLAN

-- What somebody asked for, or was refused: kept apart as well, since the events of plans push it out of the feed.
local AUDITED = {
  PlanCreated = true, OperationRequested = true, PlanGateApproved = true, PlanGateRejected = true, PlanPurged = true,
  FreezeSet = true, FreezeLifted = true, TokenCreated = true, TokenRevoked = true, SignInFailed = true,
  SignInLinkMade = true, WebhookRequested = true,
}
local AUDIT_MAX = 100000

-- Where a hand has damaged it, nobody is kept from anything.
local function audit(id, number, event, wall, plan_id)
  if not AUDITED[event[1]] then return end
  redis.pcall('XADD', K.audit(), 'MAXLEN', '~', AUDIT_MAX, id, 'p', number, 'e', event[1], 'k', event[2], 'n', event[3],
    's', event[4], 't', wall, 'd', event[5], 'l', plan_id)
end

-- Of one plan: a list of {kind, task, tenant, stage, data}.
local function write_events(plan_id, events)
  local added, of_kind = #events, {}
  if added == 0 then return end
  -- A mistake in the script, as where counts were not (see count_task).
  assert(ASKED.events[plan_id] ~= nil and ASKED.numbers[plan_id], 'the events were not asked for')
  for _, event in ipairs(events) do of_kind[event[1]] = (of_kind[event[1]] or 0) + 1 end
  -- What a hand may have damaged comes first, or is passed by: a number drawn and not written would be a gap in
  -- everybody's sequence.
  local log, feed, wall = K.log(plan_id), K.feed(), int(WALL)
  local plan_seq = redis.call('HINCRBY', K.plan(plan_id), 'planSeq', added) - added
  local seq = redis.call('INCRBY', K.seq(), added) - added
  for kind, number in pairs(of_kind) do count('event:' .. kind, number) end
  for i, event in ipairs(events) do
    local id, number = int(seq + i) .. '-0', int(plan_seq + i)
    local logged = redis.pcall('XADD', log, id, 'p', number, 'e', event[1], 'k', event[2], 'n', event[3], 's', event[4],
      't', wall, 'd', event[5])
    -- Of a plan that is taken out, or given up, since its log is damaged.
    if type(logged) == 'table' and is_refusal(logged.err) then error(logged, 0) end
    redis.call('XADD', feed, 'MAXLEN', '~', SETTINGS.FEED_MAX, id, 'p', number, 'e', event[1], 'k', event[2],
      'n', event[3], 's', event[4], 't', wall, 'd', event[5], 'l', plan_id)
    audit(id, number, event, wall, plan_id)
  end
end

local function hold_events(plan_id) HELD, HELD_PLAN = {}, plan_id end

local function write_held_events()
  local held = HELD
  HELD = nil
  write_events(HELD_PLAN, held)
end

-- data is a JSON object; task_id, tenant_id and stage are '' where the event has none.
local function emit(kind, plan_id, task_id, tenant_id, stage, data)
  local event = {kind, task_id, tenant_id, stage, data}
  if HELD and plan_id == HELD_PLAN then HELD[#HELD + 1] = event else write_events(plan_id, {event}) end
end

-- So many events of no plan are kept beside the feed, which the events of plans push them out of.
local OWN_LOG_MAX = 10000
-- But for what strangers can cause, or an operator without end: what is kept tells which freezes there are, and is not
-- to be pushed out either.
local NOT_KEPT = {SignInFailed = true, SignInLinkMade = true, WebhookRequested = true}

-- One that belongs to no plan.
local function emit_own(kind, data)
  assert(ASKED.own_events, 'the events of no plan were not asked for')
  count('event:' .. kind, 1)
  local id, wall = int(redis.call('INCR', K.seq())) .. '-0', int(WALL)
  local logs = {[K.feed()] = SETTINGS.FEED_MAX}
  if not NOT_KEPT[kind] then logs[K.own_log()] = OWN_LOG_MAX end
  for log, most in pairs(logs) do
    redis.call('XADD', log, 'MAXLEN', '~', most, id, 'p', '0', 'e', kind, 'k', '', 'n', '', 's', '', 't', wall, 'd', data,
      'l', '')
  end
  audit(id, '0', {kind, '', '', '', data}, wall, '')
end

-- Several events of one kind and plan at once: entries is a list of {task, tenant, stage, data}.
local function emit_all(kind, plan_id, entries)
  local events = {}
  for i, entry in ipairs(entries) do events[i] = {kind, entry[1], entry[2], entry[3], entry[4]} end
  write_events(plan_id, events)
end

local function emit_plan(kind, plan_id, data) emit(kind, plan_id, '', '', '', data or '{}') end
