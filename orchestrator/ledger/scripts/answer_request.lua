-- Keeps the answer to a request that was more than one script's work (a plan's retry). An answer kept before it counts.
-- KEYS  1 the namespace's root. Touches settings (hash), request:{request} (string)
-- ARGV  1 target  2 status  3 answer in words  4 request id  5 what is asked, in words  6 ACCEPTED or REFUSED
-- CODES ACCEPTED, status, '', answer | REFUSED, status, '', answer | REPEATED, the first answer to this request id
-- EVENTS none
-- @include request

return {ARGV[6], ARGV[2], '', ARGV[3]}
