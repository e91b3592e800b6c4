
-- Returns the sum of a number over all threads, for scripts that count for themselves.
local function sum(name)
  local total = 0
  for _, thread in ipairs(threads or {}) do
    total = total + thread:get(name)
  end
  return total
end

-- What the program that started wrk reads, on a line of its own.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"granted":%d,"surprises":%d,' ..
      '"p50_microseconds":%d,"p99_microseconds":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    sum("granted"), sum("surprises"), latency:percentile(50), latency:percentile(99)))
end
