-- wrk -s benches/wrk/create.lua URL -- ORGANIZER [series]
--
-- Creates events of one occurrence, with the access token in the file ORGANIZER. With `series`, weekly ones:
-- four of five have 25 occurrences, the fifth has 24.

dofile("benches/wrk/common.lua")

local topics = { "Jazz", "Rust", "Yoga", "Chess", "Opera" }
local headers, series
local sent = 0

function init(arguments)
    headers = {
        ["Authorization"] = "Bearer " .. lines(arguments[1])[1],
        ["Content-Type"] = "application/json",
    }
    series = arguments[2] == "series"
end

function request()
    sent = sent + 1
    local topic = topics[sent % 5 + 1]
    -- From 2045, which is after the events of the pages that are measured.
    local start = os.date("!%Y-%m-%dT%H:%M:%SZ", 2366841600 + (sent * 2 + number) % 1000000 * 60)
    local rule = ""
    if series then
        rule = string.format(',"recurrence":{"rrule":"FREQ=WEEKLY;COUNT=%d"}', sent % 5 == 0 and 24 or 25)
    end
    return wrk.format("POST", "/api/v1/events", headers, string.format(
        '{"title":"%s evening %d","description":"Talks and *pizza* for experts, with coffee. Bring a laptop, '
            .. 'a friend, and a question that nobody has answered yet.","location":"Hall %d, Berlin",'
            .. '"starts_at":"%s","timezone":"Europe/Berlin","duration":"PT2H","capacity":40,'
            .. '"category":"meetup","tags":["%s","experts","series %d"]%s}',
        topic, sent, sent % 500, start, topic:lower(), sent % 1000, rule))
end
