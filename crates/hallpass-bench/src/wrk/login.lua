-- Users who log in, all with one password. Arguments: the beginning of their names, their number, the
-- password.
local name, users, password

function init(arguments)
  name, users, password = arguments[1], tonumber(arguments[2]), arguments[3]
end

function request()
  local login = name .. math.random(0, users - 1)
  local body = string.format('{"login":"%s","password":"%s"}', login, password)
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end
