-- The retry of a plan: of those of its tasks that had failed when it was asked for (from scratch: or that its policy had
-- taken back; or else of those that were cancelled with it), in plan order, some in one script.
-- @include keys
-- @include retry
-- @include plan_end
-- @include passed_by
-- @include places
-- @include stored_json
-- @include task_id
-- @include numbers

-- What one script looks at besides its limit of failed tasks: so many records, so many bytes of checkpoints.
local MOST_LOOKED_AT, MOST_BYTES = 200, 65536
-- The refusals that are named; the others are counted.
local MOST_NAMED = 10

-- Asks the table, unless the task is refused; then says why.
local function look_at_failed(task, asked)
  local why, what = retry_refusal(task, asked)
  if why then return {task.id, why, tostring(what or '')} end
  ask_retry(task, asked)
  return nil
end

local function damage_refusal(task)
  local why = damage_of(task)
  return why and {task.id, 'damaged-task', why} or nil
end

-- How far a retry has come, as its plan says. What a hand has made of it counts as the end: a task is never looked at that
-- there is not, and a person may ask again.
local function retry_place(text, total) return math.min(place_of(text) or total, total) end

-- The failed tasks from a position on, as many as fit: which can be retried (the table asked), which not and why, and the
-- position to go on at; writes nothing. asked: {scratch, force, at, cancelled}; takes: which of them alone.
local function failed_from(plan_id, first, limit, asked)
  local total = total_in(plan_id, redis.call('HGET', K.plan(plan_id), 'total'))
  local found = {tasks = {}, refused = {}, changes = {waves = {}}, total = total, next = first}
  local bytes, before = 0, asked.scratch and part_taken_back_before(plan_id)
  while found.next < total and found.next < first + MOST_LOOKED_AT and bytes < MOST_BYTES
      and #found.tasks + #found.refused < limit do
    local task_id = task_id_of(plan_id, found.next)
    found.next = found.next + 1
    local f = redis.pcall('HMGET', K.task(task_id), 'status', 'endedAt', 'accepted', 'sentBack', 'wave',
      'cancelledFor')
    local is_lost = f.err or not TASK_KNOWN[f[1] or '']
    -- What has failed since is another matter: nobody has asked for it. What was accepted is done with.
    local has_failed = f[1] == TASK.FAILED and not f[3]
    local is_sent = f[4] or before == part_of(tonumber(f[5] or nil))
    local is_back = asked.scratch and f[1] == TASK.ROLLED_BACK and is_sent
    local is_one = has_failed or is_back
    -- Who was given up alone, or left out, was meant to be.
    if asked.cancelled then is_one = f[1] == TASK.CANCELLED and not f[6] end
    local is_meant = not is_lost and is_one and (tonumber(f[2] or 0) or 0) <= asked.at
    if (is_lost or is_meant) and asked.takes and not asked.takes(task_id, is_lost) then is_lost, is_meant = false, false end
    local task = is_meant and read_task(task_id)
    local is_sound, refusal
    if task then
      is_sound, refusal = apart_of_plan(look_at_failed, task, asked)
      bytes = bytes + (task.checkpoint_bytes or 0)
    end
    -- Of one whose record tells nothing nobody can say that it has not failed.
    if is_lost or (is_meant and not is_sound) then
      refusal = damage_refusal(task or remains_of(plan_id, task_id))
    end
    if refusal then
      found.refused[#found.refused + 1] = refusal
    elseif is_sound then
      found.tasks[#found.tasks + 1] = task
      add(found.changes, task.status, -1)
      add(found.changes, TASK.PENDING, 1)
      if task.wave then
        add(changes_of_wave(found.changes, task), task.status, -1)
        add(changes_of_wave(found.changes, task), TASK.PENDING, 1)
      end
    end
  end
  return found
end

local function retry_found(plan_id, found, asked)
  for _, task in ipairs(found.tasks) do
    emit_operation('retry', plan_id, task, asked.by, asked.reason, retry_options(asked, ',"ofPlan":true'))
    retry_task(task, asked)
  end
end

-- What became of it so far, kept with the plan for explain.
local function note_retried(plan_id, found)
  local plan = K.plan(plan_id)
  count_on(plan, 'retryRetried', #found.tasks)
  if #found.refused == 0 then return end
  count_on(plan, 'retryRefused', #found.refused)
  -- Where a hand has damaged it, they are named anew.
  local named = stored_table(redis.call('HGET', plan, 'retryRefusals')) or {}
  for _, refusal in ipairs(found.refused) do
    if #named < MOST_NAMED then named[#named + 1] = refusal end
  end
  redis.call('HSET', plan, 'retryRefusals', cjson.encode(named))
end
