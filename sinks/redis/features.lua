-- One stretch of one partition on one shard: feed and read counters in the order of offsets, each offset once.
-- KEYS: 1 the mark, the offset up to which this partition is counted here; 2 the reply kept for it. ARGV: 1 key prefix with the shard's
-- hash tag, 2 JSON of the stretch, 3 how long replies are kept (s), 4 members kept by a distinct count. Answers the mark (a number)
-- where it leaves a gap before the stretch; nil where no answer is wanted; else a JSON array: a number, or false where nothing is known.
-- The mark never expires: counters without their mark would be counted twice.
-- sinks/memory_features.py says the same in Python; tests/contract/test_features.py holds the two together.
local prefix, ask, kept_for, most = ARGV[1], cjson.decode(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local last = tonumber(redis.call('GET', KEYS[1]) or '-1')
if last < ask.first - 1 then return last end
local old = {}
if ask.answer and #ask.offset > 0 and ask.offset[1] <= last then
  local kept = redis.call('GET', KEYS[2])
  old = kept and cjson.decode(kept) or {}
end

local loaded, dirty = {}, {}
local function cells_of(counter, entity)
  local key = prefix .. counter.name .. ':' .. entity
  local cells = loaded[key]
  if not cells then
    local blob = redis.call('GET', key)
    cells = blob and cmsgpack.unpack(blob) or {}
    loaded[key] = cells
  end
  return key, cells
end

local function feed(counter, cells, minute, amount, member)
  if counter.kind == 'first' then
    cells.first = math.min(cells.first or minute, minute)
    return
  end
  local newest = minute
  if counter.kind == 'distinct' then
    local size = 0
    for _ in pairs(cells) do size = size + 1 end
    if cells[member] or size < most then cells[member] = math.max(cells[member] or minute, minute) end
    for _, seen in pairs(cells) do newest = math.max(newest, seen) end
    for name, seen in pairs(cells) do if seen <= newest - counter.window then cells[name] = nil end end
  else
    local cell = tostring(minute)
    local new = cells[cell] == nil
    cells[cell] = (cells[cell] or 0) + amount
    if new then
      for name in pairs(cells) do newest = math.max(newest, tonumber(name)) end
      for name in pairs(cells) do if tonumber(name) <= newest - 2 * counter.window then cells[name] = nil end end
    end
  end
end

local function read(counter, cells, minute)
  if counter.kind == 'first' then
    if not cells.first then return false end
    return math.max(minute - cells.first, 0)
  end
  local after, sum = minute - counter.window, 0
  if counter.kind == 'distinct' then
    for _, seen in pairs(cells) do if seen > after then sum = sum + 1 end end
  else
    for name, value in pairs(cells) do
      local at = tonumber(name)
      if at > after and at <= minute then sum = sum + value end
    end
  end
  return sum
end

local answers, values = {}, {}
for i = 1, #ask.offset do
  local offset, minute = ask.offset[i], ask.minute[i]
  local counter, entity = ask.counters[ask.counter[i] + 1], ask.entities[ask.entity[i] + 1]
  local name = offset .. ':' .. counter.name .. ':' .. entity
  local value = nil
  if offset <= last then value = old[name] end
  if value == nil then
    local key, cells = cells_of(counter, entity)
    if ask.amount[i] ~= false and offset > last then
      feed(counter, cells, minute, ask.amount[i], ask.member[i])
      dirty[key] = {cells, counter.window}
    end
    if ask.answer then value = read(counter, cells, minute) end
  end
  values[name], answers[i] = value, value
end
for key, entry in pairs(dirty) do
  redis.call('SET', key, cmsgpack.pack(entry[1]), 'EX', math.max(entry[2] * 120, 3600))
end
if ask.last > last then
  redis.call('SET', KEYS[1], string.format('%d', ask.last))
  if ask.answer then redis.call('SET', KEYS[2], cjson.encode(values), 'EX', kept_for) end
end
return ask.answer and cjson.encode(answers) or false
