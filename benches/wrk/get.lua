-- wrk -s benches/wrk/get.lua URL -- FILE
--
-- Requests the paths in a file, one a line, in turn.

dofile("benches/wrk/common.lua")

local requests, sent = {}, 0

function init(arguments)
    for index, path in ipairs(lines(arguments[1])) do
        requests[index] = wrk.format("GET", path)
    end
end

function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
end
