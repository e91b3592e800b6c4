-- The same request again and again. Arguments: the method, the credentials ("" for none), the body ("" for none).
function init(arguments)
  wrk.method = arguments[1]
  if arguments[2] ~= "" then
    wrk.headers["Authorization"] = arguments[2]
  end
  if arguments[3] ~= "" then
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = arguments[3]
  end
end
