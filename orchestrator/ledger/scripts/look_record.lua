-- What a worker needs for a look at a tenant whose wave soaks: writes nothing.
-- KEYS  1 the namespace's root. Touches meta, settings, plan:{plan}, task:{task} (hashes), seq, config:{task},
--       checkpoint:{task} (strings), leases-queued, leases-running, deadlines (zsets), feed, log:{plan} (streams)
-- ARGV  1 task id  2 look
-- CODES LOOK, then what BEGUN of begin tells after it | STALE (it has been answered, or nobody asks any more)
-- EVENTS none
-- @include keys
-- @include task
-- @include stage_begin
-- @include look

local task, look = read_task(ARGV[1]), tonumber(ARGV[2])
if not task or not is_looked_for(task, look) then return {'STALE'} end
return {'LOOK', turn_record(task, 0, '', task.record)}
