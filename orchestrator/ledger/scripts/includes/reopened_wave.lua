-- A wave of which a task moves again.
-- @include keys
-- @include transitions
-- @include wave_record
-- @include numbers

-- A wave that was passed by, since nobody of it had begun, is not done with once one of it is to move after all: it soaks
-- and asks its gate as any other.
-- @rare
local function is_undone_by(task)
  return task.status == TASK.CANCELLED and wave_state(task.plan, task.wave) == WAVE.PASSED
    and not has_moved(task.plan, task.wave)
end

-- What reopen_wave does, asked of the table.
-- @rare
local function ask_reopened_wave(task)
  if not task.wave then return end
  local passed = numbers_of(task.plan, 'passed', 'wave')[1] or 0
  local is_undone = task.wave ~= passed and is_undone_by(task)
  if is_undone then ask_wave_move(task.plan, task.wave, 'undo') end
  if task.wave == passed or (is_undone and task.wave < passed) then ask_stop(task.plan, passed) end
end

-- The first that is not done with is what the plan waits for.
-- @rare
local function undo_wave(task, passed)
  move_wave(task.plan, task.wave, 'undo')
  if task.wave > passed then return end
  stop_waiting_of_wave(task.plan, passed)
  redis.call('HSET', K.plan(task.plan), 'passed', task.wave)
end

-- A task that had ended runs again, or is to go back: its wave has not ended any more, and later ones wait for it. What
-- runs of them goes on.
-- @rare
local function reopen_wave(task)
  if not task.wave then return end
  local plan = K.plan(task.plan)
  local f = redis.call('HMGET', plan, 'wave', 'passed')
  if task.wave < tonumber(f[1] or 0) then redis.call('HSET', plan, 'wave', task.wave) end
  local passed = tonumber(f[2] or 0)
  if task.wave == passed then stop_waiting_of_wave(task.plan, task.wave)
  elseif is_undone_by(task) then undo_wave(task, passed) end
end
