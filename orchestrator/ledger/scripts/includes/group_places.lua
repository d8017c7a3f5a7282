-- Groups are what tenants share: machines, databases. Of each only so many may be held at once (I16): over the namespace
-- by the setting `groups`, within a plan by its `group_limits`. A task holds a place in all of its groups as it holds
-- its slot. A plan's own limit is a group of its own name, plan:group, which its rollbacks neither ask nor take.
-- @include keys

-- All places that a task may take: the group's name, how many may hold it, whether it is its plan's own limit.
local function places_of(task)
  if task.places then return task.places end
  local places = {}
  for group in string.gmatch(task.groups, '%S+') do
    local cap = redis.call('HGET', K.settings(), 'GROUP:' .. group)
    places[#places + 1] = {name = group, cap = tonumber(cap or math.huge)}
    local own = redis.call('HGET', K.plan(task.plan), 'group:' .. group)
    if own then places[#places + 1] = {name = task.plan .. ':' .. group, cap = tonumber(own), own = true} end
  end
  task.places = places
  return places
end

local function wants(task, place) return not (place.own and task.rollback) end

local function free_places(place) return place.cap - redis.call('SCARD', K.group(place.name)) end

-- A group that a hand has made something else of is held by nobody, and keeps nobody from its end.
-- @rare
local function take_groups(task)
  for _, place in ipairs(places_of(task)) do
    if wants(task, place) then redis.pcall('SADD', K.group(place.name), task.id) end
  end
end

-- The names of those that came free by it.
-- @rare
local function give_up_groups(task)
  local freed = {}
  for _, place in ipairs(places_of(task)) do
    if redis.pcall('SREM', K.group(place.name), task.id) == 1 then freed[#freed + 1] = place.name end
  end
  return freed
end
