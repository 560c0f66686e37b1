-- wrk -t2 -s benches/wrk/register.lua URL -- PEOPLE OCCURRENCES spread|shared|again
--
-- Registers users, whose access tokens are in the file PEOPLE, for occurrences, whose ids are in the other
-- file. `spread`: each for another occurrence than the one before. `shared`: all for the first occurrence,
-- then all for the second one, and so on. `again`: 64 users for one occurrence each, repeatedly.

dofile("benches/wrk/common.lua")

local people, occurrences, mode
local sent = 0

function init(arguments)
    people, occurrences, mode = lines(arguments[1]), lines(arguments[2]), arguments[3]
end

function request()
    -- The two threads take turns.
    local index = 2 * sent + number
    sent = sent + 1
    local person, occurrence
    if mode == "again" then
        person, occurrence = index % 64, index % 64
    elseif mode == "shared" then
        person, occurrence = index % #people, math.floor(index / #people)
    else
        person, occurrence = index % #people, index + math.floor(index / #people)
    end
    local path = "/api/v1/occurrences/" .. occurrences[occurrence % #occurrences + 1] .. "/registration"
    return wrk.format("PUT", path, { ["Authorization"] = "Bearer " .. people[person + 1] })
end
