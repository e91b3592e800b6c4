-- Users who log in, all with one password. Arguments: the beginning of their names, their number, the
-- password. Those who are told to come back later (503) are no surprise.
local name, users, password
threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  name, users, password = arguments[1], tonumber(arguments[2]), arguments[3]
  granted, surprises = 0, 0
end

function request()
  local login = name .. math.random(0, users - 1)
  local body = string.format('{"login":"%s","password":"%s"}', login, password)
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

function response(status)
  if status == 200 then
    granted = granted + 1
  elseif status ~= 503 then
    surprises = surprises + 1
  end
end
