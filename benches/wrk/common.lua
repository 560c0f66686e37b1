-- What the scripts share: files, the number of a thread, and the result. wrk runs a script once in its own
-- thread and once in each of the threads that send requests.

local threads = 0

-- Gives each thread its number, from 0, in the global variable `number`.
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function lines(path)
    local all = {}
    for line in io.lines(path) do
        all[#all + 1] = line
    end
    return all
end

-- The number of requests that failed.
function failed(summary)
    local errors = summary.errors
    return errors.connect + errors.read + errors.write + errors.status + errors.timeout
end

-- Prints the responses per second, the median and the 99th percentile in milliseconds, and the number of
-- requests that failed.
function done(summary, latency)
    io.write(string.format("result %.1f %.3f %.3f %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed(summary)))
end
