"""What Redis does in one step, in Lua: each question about many URLs or shingles is one call, and nobody comes between.

Every write is the same whoever comes first and however often, so that filling the index anew beside a crawl changes nothing.
"""

FIRST_LAYER, GROWTH = 1024, 16  # buckets of URLs; a generation that outgrows its layer opens one sixteen times as wide
SEEN_FILL = 384  # URLs a bucket; Redis packs sets of up to 512 numbers
NONE_EMPTY = 32  # URLs a bucket, on average, from which on no bucket is the first URL's: one is empty by a chance of e^-32
SHARERS = 8  # the newest articles that a shingle is kept of
RECORD = 8  # bytes of a shingle's article in the index: three that mark the shingle, five of the article's id

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
    if count < width * {NONE_EMPTY} and redis.call("SCARD", key) == 1 then redis.call("EXPIRE", key, ARGV[2]) end
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
# A bucket of shingles is a string of records, which C searches, where a hash would be walked through. Buckets are named by four digits.
NEAR = """
local call, find, sub, counted, votes, answer, found = redis.call, string.find, string.sub, {}, {}, {}, {}
local buckets, marks = ARGV[2], ARGV[3]
for generation in string.gmatch(ARGV[1], "[^,]+") do
  local place, keys = KEYS[1] .. generation, {}
  if call("EXISTS", place) == 1 then
    place = place .. ":"
    for i = 1, #marks / 3 do keys[i] = place .. sub(buckets, 4 * i - 3, 4 * i) end
    found[#found + 1] = call("MGET", unpack(keys))
  end
end
for i = 1, #marks / 3 do
  local mark = sub(marks, 3 * i - 2, 3 * i)
  for g = 1, #found do
    local bucket = found[g][i]
    local at = bucket and find(bucket, mark, 1, true)
    while at do
      if at % 8 == 1 then
        local id = sub(bucket, at + 3, at + 7)
        if counted[id] ~= i then counted[id], votes[id] = i, (votes[id] or 0) + 1 end
      end
      at = find(bucket, mark, at + 1, true)
    end
  end
end
for id, count in pairs(votes) do answer[#answer + 1] = struct.unpack(">I5", id) answer[#answer + 1] = count end
return {call("GET", KEYS[2]) or "0", answer}
"""
POST = f"""
local call, find, sub, unpacked = redis.call, string.find, string.sub, struct.unpack
local generation, article, ours = KEYS[1] .. ARGV[2], tonumber(ARGV[1]), struct.pack(">I5", ARGV[1])
local function with(bucket, mark)
  local count, oldest, place, at = 0, article, nil, find(bucket, mark, 1, true)
  while at do
    if at % 8 == 1 then
      local id = unpacked(">I5", bucket, at + 3)
      if id == article then return bucket end
      if id < oldest then oldest, place = id, at end
      count = count + 1
    end
    at = find(bucket, mark, at + 1, true)
  end
  if count < {SHARERS} then return bucket .. mark .. ours end
  return place and sub(bucket, 1, place - 1) .. mark .. ours .. sub(bucket, place + 8) or bucket
end
for i = 1, #ARGV[7] / 3 do
  local key = generation .. ":" .. sub(ARGV[6], 4 * i - 3, 4 * i)
  call("SET", key, with(call("GET", key) or "", sub(ARGV[7], 3 * i - 2, 3 * i)), "EX", ARGV[3])
end
call("SET", generation, "", "EX", ARGV[3])
local newest = tonumber(call("GET", KEYS[2]) or "0")
if newest >= tonumber(ARGV[5]) and tonumber(ARGV[4]) > newest then call("SET", KEYS[2], ARGV[4]) end
"""
