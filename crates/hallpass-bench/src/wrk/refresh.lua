-- Clients that refresh, one for each thread. Arguments: a file with a refresh token on each line, and how
-- many of them each client has. A client takes its tokens in turn, each replaced by its successor.
local clients = 0

function setup(thread)
  thread:set("client", clients)
  clients = clients + 1
end

function init(arguments)
  local share = tonumber(arguments[2])
  tokens, turn = {}, 1
  local line = 0
  for token in io.lines(arguments[1]) do
    if math.floor(line / share) == client then
      table.insert(tokens, token)
    end
    line = line + 1
  end
end

-- wrk calls this once more than it sends, so it must not change anything.
function request()
  local body = string.format('{"refresh_token":"%s"}', tokens[turn])
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

function response(status, _, body)
  if status == 200 then
    tokens[turn] = string.match(body, '"refresh_token":"([^"]+)"')
  end
  turn = turn % #tokens + 1
end
