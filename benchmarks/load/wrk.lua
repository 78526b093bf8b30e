-- Asks for the lines of a file in random order ("path<TAB>cookie") and prints what happened as one line of JSON.
-- Arguments: file, and how many answers are enough (0: until the time is over). Then it says so on stderr, for wrk
-- itself ends by time or by SIGINT alone.
local asked, answered, wanted = {}, 0, 0

local function count()
  answered = answered + 1
  if answered == wanted then
    wrk.thread:stop()
    io.stderr:write("enough\n")
  end
end

function init(arguments)
  math.randomseed(7)
  for line in io.lines(arguments[1]) do
    local path, cookie = line:match("^(.-)\t(.*)$")
    asked[#asked + 1] = wrk.format("GET", path, cookie ~= "" and { ["Cookie"] = cookie } or {})
  end
  wanted = tonumber(arguments[2])
  -- wrk takes answers apart for scripts that have such a function, which costs.
  if wanted > 0 then response = count end
end

function request()
  return asked[math.random(#asked)]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d, '
    .. '"p50": %d, "p99": %d, "slowest": %d}',
    summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
