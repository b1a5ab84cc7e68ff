"""What Redis does in one step, in Lua: each question about many URLs or shingles is one call, and nobody comes between.

Every write is the same whoever comes first and however often, so that filling the index anew beside a crawl changes nothing.
"""

FIRST_LAYER, GROWTH = 1024, 16  # buckets of URLs; a generation that outgrows its layer opens one sixteen times as wide
SEEN_FILL = 384  # URLs a bucket; Redis packs sets of up to 512 numbers
SHARERS = 8  # the newest articles that a shingle is kept of

# Numbers come packed as pairs of doubles, place and value: a Lua number holds 53 bits, and so many arguments take time.
_PAIRS = """
local function pairs_of(packed)
  local at = 1
  return function()
    if at > #packed then return end
    local place, value
    place, value, at = struct.unpack("<dd", packed, at)
    return place, value
  end
end
"""
# Keys are {seen}{generation}:{layer}:{bucket}; the hash {seen}{generation} holds l, its layers, and n, the fill of the newest.
SEEN = (
    _PAIRS
    + f"""
local answer, known = {{}}, {{}}
for generation in string.gmatch(ARGV[1], "[^,]+") do
  local meta = KEYS[1] .. generation
  for layer = tonumber(redis.call("HGET", meta, "l") or "0"), 1, -1 do
    known[#known + 1] = {{meta .. ":" .. layer .. ":", {FIRST_LAYER} * {GROWTH} ^ (layer - 1)}}
  end
end
for place, value in pairs_of(ARGV[2]) do
  local found = 0
  for i = 1, #known do
    found = redis.call("SISMEMBER", known[i][1] .. place % known[i][2], value)
    if found == 1 then break end
  end
  answer[#answer + 1] = found
end
return answer
"""
)
MARK = (
    _PAIRS
    + f"""
local meta = KEYS[1] .. ARGV[1]
local layer, count = tonumber(redis.call("HGET", meta, "l") or "1"), tonumber(redis.call("HGET", meta, "n") or "0")
local width = {FIRST_LAYER} * {GROWTH} ^ (layer - 1)
for place, value in pairs_of(ARGV[3]) do
  local key = meta .. ":" .. layer .. ":" .. place % width
  if redis.call("SADD", key, value) == 1 then
    count = count + 1
    if redis.call("SCARD", key) == 1 then redis.call("EXPIRE", key, ARGV[2]) end
    if count >= width * {SEEN_FILL} then layer, count, width = layer + 1, 0, width * {GROWTH} end
  end
end
redis.call("HSET", meta, "l", layer, "n", count)
redis.call("EXPIRE", meta, ARGV[2])
"""
)
LEASE = """
local answer = {}
for i = 3, #ARGV do
  local holder = redis.call("GET", KEYS[1] .. ARGV[i])
  local free = not holder or holder == ARGV[1] or redis.call("EXISTS", KEYS[2] .. holder) == 0
  if free then redis.call("SET", KEYS[1] .. ARGV[i], ARGV[1], "EX", ARGV[2]) end
  answer[#answer + 1] = free and 1 or 0
end
return answer
"""
RELEASE = """
for i = 2, #ARGV do
  if redis.call("GET", KEYS[1] .. ARGV[i]) == ARGV[1] then redis.call("DEL", KEYS[1] .. ARGV[i]) end
end
"""
NEAR = """
local call, find, votes, counted, answer, places = redis.call, string.find, {}, {}, {}, {}
local function vote(id, i)
  if counted[id] ~= i then counted[id], votes[id] = i, (votes[id] or 0) + 1 end
end
for generation in string.gmatch(ARGV[1], "[^,]+") do
  local place = KEYS[1] .. generation
  if call("EXISTS", place) == 1 then places[#places + 1] = place .. ":" end
end
for i = 2, #ARGV, 2 do
  for _, place in ipairs(places) do
    local ids = call("HGET", place .. ARGV[i], ARGV[i + 1])
    if ids and not find(ids, ",", 1, true) then
      vote(ids, i)
    elseif ids then
      for id in string.gmatch(ids, "%d+") do vote(id, i) end
    end
  end
end
for id, count in pairs(votes) do answer[#answer + 1] = id answer[#answer + 1] = count end
return {call("GET", KEYS[2]) or "0", answer}
"""
POST = f"""
local call, generation = redis.call, KEYS[1] .. ARGV[2]
local function with(ids)
  local kept = {{tonumber(ARGV[1])}}
  for id in string.gmatch(ids, "%d+") do
    if id == ARGV[1] then return ids end
    kept[#kept + 1] = tonumber(id)
  end
  table.sort(kept, function(one, other) return one > other end)
  return table.concat(kept, ",", 1, math.min(#kept, {SHARERS}))
end
for i = 6, #ARGV, 2 do
  local key = generation .. ":" .. ARGV[i]
  if call("HSETNX", key, ARGV[i + 1], ARGV[1]) == 0 then
    call("HSET", key, ARGV[i + 1], with(call("HGET", key, ARGV[i + 1])))
  elseif call("HLEN", key) == 1 then
    call("EXPIRE", key, ARGV[3])
    call("SET", generation, "", "EX", ARGV[3])
  end
end
local newest = tonumber(call("GET", KEYS[2]) or "0")
if newest >= tonumber(ARGV[5]) and tonumber(ARGV[4]) > newest then call("SET", KEYS[2], ARGV[4]) end
"""
