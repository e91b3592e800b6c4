-- What follows constant.lua where each request has to be refused: counts the answers that are not 401.
threads = {}

function setup(thread)
  table.insert(threads, thread)
end

granted, surprises = 0, 0

function response(status)
  if status ~= 401 then
    surprises = surprises + 1
  end
end
