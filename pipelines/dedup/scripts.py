"""What Redis does in one step, in Lua: each question about many URLs or shingles is one call, and nobody comes between.

Every write is the same whoever comes first and however often, so that filling the index anew beside a crawl changes nothing.
"""

FIRST_LAYER, GROWTH = 16, 16  # buckets of URLs; a generation that outgrows its layer opens one sixteen times as wide
SEEN_FILL = 384  # URLs a bucket; Redis packs sets of up to 512 numbers
NONE_EMPTY = 32  # URLs a bucket, on average, from which on no bucket is the first URL's: one is empty by a chance of e^-32
SHARERS = 8  # the newest articles that a shingle is kept of
FEWEST, FILL = 256, 32  # buckets of postings, and records a bucket, on average
RECORD = 9  # bytes of a posting: four that mark the shingle beside its bucket, one of the day, four of the article's id
SWEPT = 16  # a bucket is rid of what aged whenever it has grown by so many
INDEX_DAYS = 15  # days that a posting is told: the horizon, and a day to spare

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
local call, meta = redis.call, KEYS[1] .. ARGV[1]
local layer, count = tonumber(call("HGET", meta, "l") or "1"), tonumber(call("HGET", meta, "n") or "0")
local width, bucket = {FIRST_LAYER} * {GROWTH} ^ (layer - 1), meta .. ":" .. layer .. ":"
for place, value in pairs_of(ARGV[3]) do
  local key = bucket .. place % width
  if call("SADD", key, value) == 1 then
    count = count + 1
    if count < width * {NONE_EMPTY} and call("SCARD", key) == 1 then call("EXPIRE", key, ARGV[2]) end
    if count >= width * {SEEN_FILL} then
      layer, count, width = layer + 1, 0, width * {GROWTH}
      bucket = meta .. ":" .. layer .. ":"
    end
  end
end
call("HSET", meta, "l", layer, "n", count)
call("EXPIRE", meta, ARGV[2])
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
# A bucket of postings is a string of records. It splits in its turn as the index grows (linear hashing, Litwin 1980), so that buckets
# are of one size and a record is in one place. KEYS are the size (buckets, records), the newest posting, what buckets' names begin with.
POST = f"""
local call, find, sub, floor, unpacked = redis.call, string.find, string.sub, math.floor, struct.unpack
local article, day, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local ours, size = string.char(day % 256) .. struct.pack("<I4", article), call("GET", KEYS[1])
local buckets, records, level = {FEWEST}, 0, {FEWEST}
if size then buckets, records = unpacked("<I4I4", size) end
while 2 * level <= buckets do level = 2 * level end
local function name(at) return KEYS[3] .. string.format("%08x", at) end
local function put(at, bucket)
  if #bucket > 0 then call("SET", name(at), bucket, "EX", ttl) else call("DEL", name(at)) end
end
local function young(bucket)
  local kept = {{}}
  for at = 1, #bucket, {RECORD} do
    local age = (day - string.byte(bucket, at + 4)) % 256
    if age <= {INDEX_DAYS} or age >= 128 then kept[#kept + 1] = sub(bucket, at, at + {RECORD - 1}) end
  end
  return table.concat(kept)
end
local function with(bucket, mark)
  local count, oldest, place, at = 0, article, nil, find(bucket, mark, 1, true)
  while at do
    if at % {RECORD} == 1 then
      local id = unpacked("<I4", bucket, at + 5)
      if id == article then return bucket end
      if id < oldest then oldest, place = id, at end
      count = count + 1
    end
    at = find(bucket, mark, at + 1, true)
  end
  if count >= {SHARERS} then return place and sub(bucket, 1, place - 1) .. mark .. ours .. sub(bucket, place + {RECORD}) or bucket end
  if #bucket % {SWEPT * RECORD} == 0 then bucket = young(bucket) end
  return bucket .. mark .. ours
end
local function remember() call("SET", KEYS[1], struct.pack("<I4I4", buckets, math.max(records, 0)), "EX", ttl) end
local function split()
  local at, low, high = buckets - level, {{}}, {{}}
  local bucket = call("GET", name(at)) or ""
  for place = 1, #bucket, {RECORD} do
    local half = floor(unpacked("<I4", bucket, place) * {FEWEST} / level) % 2 == 0 and low or high
    half[#half + 1] = sub(bucket, place, place + {RECORD - 1})
  end
  put(at, table.concat(low))
  put(buckets, table.concat(high))
  buckets = buckets + 1
  if buckets == 2 * level then level = buckets end
  remember() -- what goes wrong later must not leave half a bucket where nobody asks
end
for at = 1, #ARGV[6], 5 do
  local place = unpacked("<I5", ARGV[6], at) % (2 * level)
  if place >= buckets then place = place - level end
  local bucket = call("GET", name(place)) or ""
  local after = with(bucket, sub(ARGV[6], at + 1, at + 4))
  if after ~= bucket then put(place, after) end
  records = records + (#after - #bucket) / {RECORD}
  if records > buckets * {FILL} then split() end
end
remember()
local newest = tonumber(string.match(call("GET", KEYS[2]) or "", "^%d+$") or "0")
if newest >= tonumber(ARGV[5]) and tonumber(ARGV[4]) > newest then call("SET", KEYS[2], ARGV[4]) end
"""
