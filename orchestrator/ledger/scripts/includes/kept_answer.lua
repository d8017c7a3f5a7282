-- What is kept by a request's id.
-- @include keys
-- @include whole

local function kept_answer(key)
  local kept = redis.pcall('GET', key)
  if WHOLE.is_other(kept) then WHOLE.damaged(key) end
  return kept
end
