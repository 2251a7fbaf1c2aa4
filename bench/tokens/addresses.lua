-- As request.lua, from so many addresses in turn, as a proxy would tell them.
dofile((debug.getinfo(1, "S").source:sub(2):gsub("addresses%.lua$", "request.lua")))
local addresses = tonumber(os.getenv("ADDRESSES"))
local n = 0

function request ()
  n = (n + 1) % addresses
  return wrk.format(nil, nil, { ["Content-Type"] = wrk.headers["Content-Type"], Authorization = wrk.headers["Authorization"],
    ["X-Forwarded-For"] = string.format("10.%d.%d.1", math.floor(n / 250), n % 250) })
end
