-- Stretches of several partitions on one shard, one after the other: feed and read counters in the order of offsets, each offset once.
-- KEYS, two for each stretch: the mark, the offset up to which this partition is counted here; the reply kept for it. ARGV: 1 key prefix
-- with the shard's hash tag, 2 the counters, 3 how long replies are kept (s), 4 members kept by a distinct count, then each stretch, all in
-- MessagePack but the numbers. Answers for each: the mark (a number) where it leaves a gap before the stretch; nil where no answer is
-- wanted; else an array in MessagePack: a number, or false where nothing is known.
-- The mark never expires: counters without their mark would be counted twice.
-- sinks/memory_features.py says the same in Python; tests/contract/test_features.py holds the two together.
local prefix, declared, kept_for, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local names, lengths, windows, distinct, first = {}, {}, {}, {}, {} -- of the counters, by number from 1
for number, counter in ipairs(cmsgpack.unpack(declared)) do
  names[number], lengths[number], windows[number] = counter.name, counter.kept, counter.window
  distinct[number], first[number] = counter.kind == 'distinct', counter.kind == 'first'
end

local function name_of(of, its_names, i)
  return of.offset[i] .. ':' .. its_names[of.counter[i] + 1] .. ':' .. of.entities[of.entity[i] + 1]
end

-- What was answered for offsets that were counted before, by name; made only where some come again.
local function answered_before(ask, kept_at)
  local old = {}
  local kept = redis.call('HMGET', kept_at, 'counters', 'stretch', 'answers')
  if kept[1] then
    local its_names, before, answered = {}, cmsgpack.unpack(kept[2]), cmsgpack.unpack(kept[3])
    for number, counter in ipairs(cmsgpack.unpack(kept[1])) do its_names[number] = counter.name end
    for i = 1, #answered do old[name_of(before, its_names, i)] = answered[i] end
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

-- A slot is a counter of one entity while a stretch is counted; what belongs to it is by its number in these, as a table for each would
-- cost more than all that is done with it. Beside the cells: the newest and (at least) the oldest minute in them and how many there are,
-- known once it is fed, and the last read, so that a crowded entity costs no more than a quiet one.
local cells, newest, oldest, size, read_at, last_read, fed

-- The slot's number of each operation. Its cells are nil where nothing is known of it.
local function slots_of(ask)
  cells, newest, oldest, size, read_at, last_read, fed = {}, {}, {}, {}, {}, {}, {}
  local slots, fields, seen, wanted, count = {}, {}, {}, {}, 0
  local numbers, entities, named = ask.counter, ask.entity, ask.entities
  for i = 1, #numbers do
    local number, entity = numbers[i] + 1, entities[i]
    local at = entity * #names + number
    local slot = seen[at]
    if not slot then
      count = count + 1
      slot = count
      seen[at], fields[slot] = slot, names[number] .. ':' .. named[entity + 1]
      local of = wanted[lengths[number]]
      if not of then
        of = {fields = {}, slots = {}}
        wanted[lengths[number]] = of
      end
      of.fields[#of.fields + 1], of.slots[#of.slots + 1] = fields[slot], slot
    end
    slots[i] = slot
  end
  for length, of in pairs(wanted) do
    local values = values_of(length, of.fields)
    for i, slot in ipairs(of.slots) do
      if values[i] then cells[slot] = cmsgpack.unpack(values[i]) end
    end
  end
  return slots, fields
end

-- Forgets what is not after `through`, and looks at the rest.
local function look(slot, members, through)
  local its_cells, count, new, old = cells[slot], 0, -1, math.huge
  for name, value in pairs(its_cells) do
    local minute = members and value or name
    if minute <= through then
      its_cells[name] = nil
    else
      count = count + 1
      if minute > new then new = minute end
      if minute < old then old = minute end
    end
  end
  size[slot], newest[slot], oldest[slot] = count, new, old
end

local function feed(slot, number, minute, amount, member)
  local its_cells, members = cells[slot], distinct[number]
  if first[number] then
    cells[slot] = {first = math.min(its_cells and its_cells.first or minute, minute)}
    return
  end
  local name = members and member or minute
  if not its_cells then
    cells[slot], size[slot], newest[slot], oldest[slot] = {[name] = members and minute or amount}, 1, minute, minute
    read_at[slot] = nil
    return
  end
  if not size[slot] then look(slot, members, -math.huge) end
  local reach = members and windows[number] or 2 * windows[number]
  if minute > newest[slot] then
    newest[slot] = minute
    if oldest[slot] <= minute - reach then
      look(slot, members, minute - reach)
      newest[slot] = minute
    end
  elseif minute <= newest[slot] - reach then
    return
  end
  local before = its_cells[name]
  if members then
    if before == nil and size[slot] >= most then return end
    its_cells[name] = math.max(before or minute, minute)
    read_at[slot] = nil
  else
    its_cells[name] = (before or 0) + amount
    local at = read_at[slot]
    if at and minute <= at and minute > at - windows[number] then last_read[slot] = last_read[slot] + amount end
  end
  if before == nil then
    size[slot] = size[slot] + 1
    if minute < oldest[slot] then oldest[slot] = minute end
  end
end

local function read(slot, number, minute)
  local its_cells = cells[slot]
  if first[number] then return its_cells and math.max(minute - its_cells.first, 0) or false end
  if not its_cells then return 0 end
  local after, sum = minute - windows[number], 0
  if distinct[number] and size[slot] and oldest[slot] > after then return size[slot] end
  if read_at[slot] == minute then return last_read[slot] end
  if distinct[number] then
    for _, seen in pairs(its_cells) do if seen > after then sum = sum + 1 end end
  else
    for at, value in pairs(its_cells) do if at > after and at <= minute then sum = sum + value end end
  end
  read_at[slot], last_read[slot] = minute, sum
  return sum
end

local function write(dirty, fields)
  for length, slots in pairs(dirty) do
    local key = generation(length, 0)
    for from = 1, #slots, BULK do
      local pairs_ = {}
      for i = from, math.min(from + BULK - 1, #slots) do
        pairs_[#pairs_ + 1] = fields[slots[i]]
        pairs_[#pairs_ + 1] = cmsgpack.pack(cells[slots[i]])
      end
      redis.call('HSET', key, unpack(pairs_))
    end
    redis.call('EXPIRE', key, 2 * length)
  end
end

local function counted(mark, kept_at, stretch)
  local ask = cmsgpack.unpack(stretch)
  local last = tonumber(redis.call('GET', mark) or '-1')
  if last < ask.first - 1 then return last end
  local offsets, numbers, minutes, amounts, members = ask.offset, ask.counter, ask.minute, ask.amount, ask.member
  local answer, slots, fields = ask.answer, slots_of(ask)
  local old = answer and #offsets > 0 and offsets[1] <= last and answered_before(ask, kept_at) or {}
  local answers, dirty = {}, {}
  for i = 1, #offsets do
    local again, value = offsets[i] <= last, nil
    if again then value = old[name_of(ask, names, i)] end
    if value == nil then
      local slot, number, amount = slots[i], numbers[i] + 1, amounts[i]
      if amount and not again then
        feed(slot, number, minutes[i], amount, members[i])
        if not fed[slot] then
          fed[slot] = true
          local length = lengths[number]
          local its_slots = dirty[length]
          if not its_slots then
            its_slots = {}
            dirty[length] = its_slots
          end
          its_slots[#its_slots + 1] = slot
        end
      end
      if answer then value = read(slot, number, minutes[i]) end
    end
    answers[i] = value
  end
  write(dirty, fields)
  local told = answer and cmsgpack.pack(answers)
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
