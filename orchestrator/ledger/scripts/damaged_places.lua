-- Finds keys of another type than belongs there, of the tenants, freezes and groups that a plan's open tasks stand in, a
-- bounded step at a time; writes nothing.
-- KEYS  1 the namespace's root. Touches settings, task:{task}, tenant:{tenant} (hashes), group-line:{group},
--       frozen:{freeze}, line:{tenant} (zsets), group:{group} (set)
-- ARGV  1 plan id  2 position of the first task to look at  3 the most tasks to look at  4 1 to look at the tenants of
--       ended tasks too
-- CODES DAMAGED, then of each {position, tenant, kind of the key as keys.py has it, the key, what it is, what it should be}
-- EVENTS none
-- @include keys
-- @include transitions
-- @include task_id

local plan_id, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1
local ended_too = ARGV[4] == '1'

-- What many stand in is asked after once.
local found, seen, own = {'DAMAGED'}, {}, {}

-- Beyond all tickets that are ever drawn.
local function has_no_place(key)
  return redis.call('ZCOUNT', key, '-inf', '(-1e15') + redis.call('ZCOUNT', key, '(1e15', '+inf') > 0
end

local function ask(kind, key, type_of)
  if seen[key] then return end
  seen[key] = true
  local is_now = redis.call('TYPE', key).ok
  if is_now == 'zset' and type_of == 'zset' and has_no_place(key) then is_now = 'infinite' end
  if is_now ~= 'none' and is_now ~= type_of then found[#found + 1] = {own.position, own.tenant, kind, key, is_now, type_of} end
end

for position = first, last do
  local f = redis.pcall('HMGET', K.task(task_id_of(plan_id, position)), 'status', 'tenant', 'frozenBy', 'groups', 'rollbackRequested')
  local is_open = not f.err and f[1] and f[2] and (not TASK_ENDED[f[1]] or f[5])
  own = {position = position, tenant = f[2]}
  if is_open or (ended_too and not f.err and f[2]) then
    ask('tenant', K.tenant(f[2]), 'hash')
    ask('line', K.line(f[2]), 'zset')
  end
  if is_open then
    if f[3] then ask('frozen', K.frozen(f[3]), 'zset') end
    for group in string.gmatch(f[4] or '', '%S+') do
      for _, name in ipairs({group, plan_id .. ':' .. group}) do
        ask('group', K.group(name), 'set')
        ask('group_line', K.group_line(name), 'zset')
      end
    end
  end
end
return found
