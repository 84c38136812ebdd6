-- Stretches of several partitions on one shard, one after the other: feed and read counters in the order of offsets, each offset once.
-- KEYS, two for each stretch: the mark, the offset up to which this partition is counted here; the reply kept for it. ARGV: 1 key prefix
-- with the shard's hash tag, 2 JSON of the counters, 3 how long replies are kept (s), 4 members kept by a distinct count, then JSON of each
-- stretch. Answers for each: the mark (a number) where it leaves a gap before the stretch; nil where no answer is wanted; else a JSON
-- array: a number, or false where nothing is known.
-- The mark never expires: counters without their mark would be counted twice.
-- sinks/memory_features.py says the same in Python; tests/contract/test_features.py holds the two together.
local prefix, declared, kept_for, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local counters = cjson.decode(declared)

local function name_of(of, its_counters, i)
  return of.offset[i] .. ':' .. its_counters[of.counter[i] + 1].name .. ':' .. of.entities[of.entity[i] + 1]
end

-- What was answered for offsets that were counted before, by name; made only where some come again.
local function answered_before(ask, last, kept_at)
  local old = {}
  if ask.answer and #ask.offset > 0 and ask.offset[1] <= last then
    local kept = redis.call('HMGET', kept_at, 'counters', 'stretch', 'answers')
    if kept[1] then
      local its_counters, before, answered = cjson.decode(kept[1]), cjson.decode(kept[2]), cjson.decode(kept[3])
      for i = 1, #answered do old[name_of(before, its_counters, i)] = answered[i] end
    end
  end
  return old
end

-- Counters live in hashes, one per generation: a stretch is read and written in a few calls, however many entities it has, and what
-- nobody feeds any more goes with its generation. What is not in this one is looked for in the one before; what is fed goes into this one.
local BULK = 1000 -- fields in one call: Lua's stack is small
local now = tonumber(redis.call('TIME')[1])
local function generation(length, back)
  return prefix .. 'of:' .. length .. ':' .. (math.floor(now / length) - back)
end

local function fetched(key, fields)
  local found = {}
  for from = 1, #fields, BULK do
    local to = math.min(from + BULK - 1, #fields)
    local values = redis.call('HMGET', key, unpack(fields, from, to))
    for i = from, to do found[i] = values[i - from + 1] end
  end
  return found
end

local function values_of(length, fields)
  local values, missing, places = fetched(generation(length, 0), fields), {}, {}
  for i = 1, #fields do
    if not values[i] then
      missing[#missing + 1], places[#places + 1] = fields[i], i
    end
  end
  local older = #missing > 0 and fetched(generation(length, 1), missing) or {}
  for i = 1, #missing do values[places[i]] = older[i] end
  return values
end

-- A counter of one entity while the script runs. Beside its cells: the newest and (at least) the oldest minute in them, how many there
-- are, and the last read, so that a crowded entity costs no more than a quiet one.
local function slot_from(field, counter, value)
  local slot = {field = field, counter = counter, cells = value and cmsgpack.unpack(value) or {}, size = 0, newest = -1, oldest = math.huge}
  if value and counter.kind ~= 'first' then
    for name, at in pairs(slot.cells) do
      local minute = counter.kind == 'distinct' and at or name
      slot.size, slot.newest, slot.oldest = slot.size + 1, math.max(slot.newest, minute), math.min(slot.oldest, minute)
    end
  end
  return slot
end

-- All slots of a stretch, by where they are asked for.
local function slots_of(ask)
  local slots, wanted = {}, {}
  for i = 1, #ask.offset do
    local number, entity = ask.counter[i], ask.entity[i]
    local at = entity * #counters + number
    if slots[at] == nil then
      slots[at] = false
      local length = counters[number + 1].kept
      local of = wanted[length] or {fields = {}, at = {}, counters = {}}
      wanted[length] = of
      local n = #of.fields + 1
      of.fields[n] = counters[number + 1].name .. ':' .. ask.entities[entity + 1]
      of.at[n], of.counters[n] = at, counters[number + 1]
    end
  end
  for length, of in pairs(wanted) do
    local values = values_of(length, of.fields)
    for i = 1, #of.fields do slots[of.at[i]] = slot_from(of.fields[i], of.counters[i], values[i]) end
  end
  return slots
end

local function forget(slot, through)
  local size, oldest, distinct = 0, math.huge, slot.counter.kind == 'distinct'
  for name, value in pairs(slot.cells) do
    local minute = distinct and value or name
    if minute <= through then slot.cells[name] = nil else size, oldest = size + 1, math.min(oldest, minute) end
  end
  slot.size, slot.oldest = size, oldest
end

local function feed(slot, minute, amount, member)
  local cells, counter = slot.cells, slot.counter
  if counter.kind == 'first' then
    cells.first = math.min(cells.first or minute, minute)
    return
  end
  local distinct = counter.kind == 'distinct'
  local reach = distinct and counter.window or 2 * counter.window
  if minute > slot.newest then
    slot.newest = minute
    if slot.oldest <= minute - reach then forget(slot, minute - reach) end
  elseif minute <= slot.newest - reach then
    return
  end
  local name = distinct and member or minute
  local before = cells[name]
  if distinct then
    if before == nil and slot.size >= most then return end
    cells[name] = math.max(before or minute, minute)
    slot.read_at = nil
  else
    cells[name] = (before or 0) + amount
    if slot.read_at and minute <= slot.read_at and minute > slot.read_at - counter.window then slot.read = slot.read + amount end
  end
  if before == nil then slot.size, slot.oldest = slot.size + 1, math.min(slot.oldest, minute) end
end

local function read(slot, minute)
  local cells, counter = slot.cells, slot.counter
  if counter.kind == 'first' then
    if not cells.first then return false end
    return math.max(minute - cells.first, 0)
  end
  local after, sum = minute - counter.window, 0
  if counter.kind == 'distinct' and slot.oldest > after then return slot.size end
  if slot.read_at == minute then return slot.read end
  if counter.kind == 'distinct' then
    for _, seen in pairs(cells) do if seen > after then sum = sum + 1 end end
  else
    for at, value in pairs(cells) do if at > after and at <= minute then sum = sum + value end end
  end
  slot.read_at, slot.read = minute, sum
  return sum
end

local function write(dirty)
  for length, fed in pairs(dirty) do
    local key = generation(length, 0)
    for from = 1, #fed, BULK do
      local pairs_ = {}
      for i = from, math.min(from + BULK - 1, #fed) do
        pairs_[#pairs_ + 1] = fed[i].field
        pairs_[#pairs_ + 1] = cmsgpack.pack(fed[i].cells)
      end
      redis.call('HSET', key, unpack(pairs_))
    end
    redis.call('EXPIRE', key, 2 * length)
  end
end

local function counted(mark, kept_at, stretch)
  local ask = cjson.decode(stretch)
  local last = tonumber(redis.call('GET', mark) or '-1')
  if last < ask.first - 1 then return last end
  local old, slots, answers, dirty = answered_before(ask, last, kept_at), slots_of(ask), {}, {}
  for i = 1, #ask.offset do
    local again, value = ask.offset[i] <= last, nil
    if again then value = old[name_of(ask, counters, i)] end
    if value == nil then
      local slot = slots[ask.entity[i] * #counters + ask.counter[i]]
      if not again and ask.amount[i] ~= false then
        feed(slot, ask.minute[i], ask.amount[i], ask.member[i])
        if not slot.fed then
          slot.fed = true
          local length = slot.counter.kept
          dirty[length] = dirty[length] or {}
          dirty[length][#dirty[length] + 1] = slot
        end
      end
      if ask.answer then value = read(slot, ask.minute[i]) end
    end
    answers[i] = value
  end
  write(dirty)
  local told = ask.answer and cjson.encode(answers)
  if ask.last > last then
    redis.call('SET', mark, string.format('%d', ask.last))
    if told then
      redis.call('HSET', kept_at, 'counters', declared, 'stretch', stretch, 'answers', told)
      redis.call('EXPIRE', kept_at, kept_for)
    end
  end
  return told
end

local replies = {}
for i = 1, #KEYS / 2 do replies[i] = counted(KEYS[2 * i - 1], KEYS[2 * i], ARGV[4 + i]) end
return replies
