-- Gives up what a task holds; each give-up wakes those who can use it.
-- @include keys
-- @include wake
-- @include group_wait
-- @include beats
-- @include hand_back

local function drop_lease(task)
  redis.call('ZREM', K.leases_queued(), task.id)
  redis.call('ZREM', K.leases_running(), task.id)
  forget_beat(task)
  forget_hand_back(task)
  if task.timed then redis.call('ZREM', K.deadlines(), task.id) end
  redis.call('HDEL', K.task(task.id), 'lease', 'worker', 'beatAt', 'queuedAt', 'republished')
  task.lease = ''
end

-- A group is held as long as a slot. Where another task of the plan takes the slot in the same write, that one says what is left to wake for.
local function free_slot(task)
  free_groups(task)
  if redis.call('SREM', K.slots(task.plan), task.id) == 1 and not task.gives_way then wake_plan(task.plan) end
end

local function free_tenant(task)
  local tenant = K.tenant(task.tenant)
  if redis.call('HGET', tenant, 'holder') == task.id then
    redis.call('HDEL', tenant, 'holder', 'epoch', 'since')
    wake_tenant(task.tenant)
  end
end

local function release(task)
  drop_lease(task)
  free_slot(task)
  free_tenant(task)
end
