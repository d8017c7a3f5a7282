-- How many more tasks of a plan may run: what its slots, its waves and its breakers leave (I2, I13, I14). The one place
-- that coordinators, workers that go on, and lines of tenants ask.
-- @include keys
-- @include numbers
-- @include task_id

-- How many waves a plan has, as its record tells; no more than it may (MAX_WAVES in orchestrator/domain/fleet_config.py),
-- whatever a hand has made of that.
local MOST_WAVES = 100
local function waves_in(text) return math.min(place_of(text) or 0, MOST_WAVES) end

-- Its slots: how many a plan has is said when it is submitted, and never again.
local MAX = {}

local function max_of(plan_id)
  MAX[plan_id] = MAX[plan_id] or redis.call('HGET', K.plan(plan_id), 'max')
  return MAX[plan_id]
end

local function free_slots(plan_id)
  local most = number_in(plan_id, max_of(plan_id)) or WHOLE.damaged(K.plan(plan_id))
  return most - redis.call('SCARD', K.slots(plan_id))
end

-- A plan or one of its waves: how many are active, have failed, and how many failures are borne (nil: any number).
local function read_part(plan_id, part)
  local f = numbers_of(plan_id, part .. 'max', part .. 'tolerance', part .. 'accepted', part .. 'strict',
    part .. COUNT.FAILED, part .. COUNT.ROLLBACK_FAILED, part .. COUNT.RUNNING, part .. COUNT.ROLLING_BACK,
    part .. 'n:takenBack', part .. 'n:accepted')
  return {
    max = f[1] or math.huge, limit = f[2] and f[2] + (f[3] or 0) or nil, strict = f[4] == 1,
    failed = (f[5] or 0) + (f[6] or 0) + (f[9] or 0) - (f[10] or 0), active = (f[7] or 0) + (f[8] or 0),
  }
end

-- More have failed than are borne: no move starts until a person has answered. changes: of its counters, by a write that
-- is still to come.
-- @rare
local function is_breached(plan_id, part, changes)
  local found, more = read_part(plan_id, part), changes or {}
  local failed = found.failed + (more[TASK.FAILED] or 0) + (more[TASK.ROLLBACK_FAILED] or 0) + (more.takenBack or 0)
    - (more.accepted or 0)
  return found.limit ~= nil and failed > found.limit
end

-- The wave (the plan, if it has none) that a process from before 'sentBack' was kept has taken back, by what that has left;
-- nil when there is none, or when that is kept of it.
-- @rare
local function part_taken_back_before(plan_id)
  local f = redis.call('HMGET', K.plan(plan_id), 'tripped', 'waveRollbackOf', 'waves')
  if f[1] ~= 'rollback_wave' or (f[3] and not f[2]) then return nil end
  local part = part_of(tonumber(f[2] or nil))
  return redis.call('HEXISTS', K.plan(plan_id), part .. 'sentBack') == 0 and part or nil
end

-- How many of a wave (of the plan, if it has none) are back, or on the way, that its breaker has taken back: a fact of the
-- wave until somebody answers for it, whatever has tripped, failed or been asked for since. Whom a person took back is not
-- counted, of those that a process from before the marks took back all are.
-- @rare
local function sent_back(plan_id, part, changes)
  local f = numbers_of(plan_id, part .. 'sentBack', part .. COUNT.ROLLED_BACK, part .. COUNT.ROLLING_BACK,
    part .. 'n:rollbackRequested', part .. 'n:sentBack')
  local more = changes or {}
  local back = (f[2] or 0) + (f[3] or 0) + (f[4] or 0) + (more[TASK.ROLLED_BACK] or 0)
    + (more[TASK.ROLLING_BACK] or 0) + (more.rollbackRequested or 0)
  if f[1] then return math.min(back, (f[5] or 0) + (more.sentBack or 0)) end
  return part == part_taken_back_before(plan_id) and back or 0
end

-- Whether one more may fail, and in a strict plan whether all that are active and one more may: the first that fails too
-- often is then the last.
local function bears_one_more(plan_id, part)
  local found = read_part(plan_id, part)
  if found.active >= found.max then return false end
  if not found.limit then return true end
  return found.failed + (found.strict and found.active or 0) <= found.limit
end

-- Whether one more move of this wave may be admitted; wave is nil in a plan without waves. goes_on: it had been admitted
-- before its pause, so no wave is waited for any more.
local function move_may_start(plan_id, wave, goes_on)
  if free_slots(plan_id) <= 0 or not bears_one_more(plan_id, '') then return false end
  if not wave then return true end
  local f = redis.call('HMGET', K.plan(plan_id), 'wave', 'retryCursor')
  local open = number_in(plan_id, f[1]) or 0
  -- While a retry of many is under way nobody knows yet who of an earlier wave is moved again.
  if (wave > open or f[2]) and not goes_on then return false end
  return bears_one_more(plan_id, part_of(wave)) and (wave == open or not is_breached(plan_id, part_of(open)))
end

-- Whether the move that is next in order could be admitted, if there is one.
local function next_move_may_start(plan_id)
  local f = numbers_of(plan_id, 'waves', 'wave')
  return move_may_start(plan_id, f[1] and f[2] or nil, false)
end
