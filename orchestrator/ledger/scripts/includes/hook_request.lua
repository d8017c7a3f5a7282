-- What a person asks of a webhook, in the log: no plan knows of it, but the audit does.
-- @include event

local function tell_request(name, operation, count, actor, reason)
  emit_own('WebhookRequested', '{"webhook":' .. cjson.encode(name) .. ',"operation":"' .. operation .. '","count":'
    .. int(count) .. ',"actor":' .. cjson.encode(actor) .. ',"reason":' .. cjson.encode(reason) .. '}')
end
