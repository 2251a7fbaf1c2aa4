-- As request.lua, with a bearer token of the file TOKENS for each request, one after the other.
dofile((debug.getinfo(1, "S").source:sub(2):gsub("bearers%.lua$", "request.lua")))
local headers = {}
for token in io.lines(os.getenv("TOKENS")) do
  headers[#headers + 1] = { ["Content-Type"] = wrk.headers["Content-Type"], Authorization = "Bearer " .. token }
end
local n = 0

function request ()
  n = n % #headers + 1
  return wrk.format(nil, nil, headers[n])
end
