-- One request of a caller that the broker remembers, and what came of all of them as one line of JSON.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Basic c3VzYW46c2VjcmV0MTIz"
wrk.body = '{"room":"My Room"}'

function done (summary, latency)
  local bad = summary.errors
  print(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"bad":%d}', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), bad.connect + bad.read + bad.write + bad.status + bad.timeout))
end
