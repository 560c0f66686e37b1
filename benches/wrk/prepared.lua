-- wrk -s benches/wrk/prepared.lua URL -- FILE
--
-- Sends the requests in a file in turn: for each a line with its length in bytes, and then the request as it
-- is sent, with its head.

dofile("benches/wrk/common.lua")

local requests, sent = {}, 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for length in file:lines() do
        requests[#requests + 1] = file:read(tonumber(length))
    end
    file:close()
    -- The threads do not ask for the same at the same time.
    sent = math.floor(number * #requests / 2)
end

function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
end

-- Prints the number of responses, the duration in seconds, and the number of requests that failed: the caller
-- counts those that were under way at the end.
function done(summary)
    io.write(string.format("result %d %.3f %d\n", summary.requests, summary.duration / 1e6, failed(summary)))
end
