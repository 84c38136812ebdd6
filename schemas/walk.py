"""The walk over many Avro bodies, compiled: which of them are one value of the writer's schema, and their leaves in lanes.

Law: this only *accepts*. What it accepts is exactly what the codec reads and checks without complaint: plain branches, varints of at most
eight bytes, blocks without a size, values within their bounds. What it doubts may still be good, and is for `checks` and the codec, which
alone refuse. Nothing is ever allocated by a length or a count read from a body: `measure` counts what is there, `fill` stores what it
counted.

Leaves are read eight bytes at once, so sixteen bytes must stand behind the last body (`slices.PADDING`).

Both run the same program; `fill` only over bodies that `measure` accepted, so it looks at nothing twice. A position of -1 is doubt.
"""

import numpy as np

from schemas.automata import ANY_TEXT, REFUSED
from schemas.compiling import compiled, inlined
from schemas.doubts import BROKEN, GOOD
from schemas.program import EXTRA, HIGH, LEAST, LEVEL, LOW, MAX_DEPTH, MOST, NOWHERE, OP, SKIP, Op

WHOLE, DECIMAL, DOUBLE, FLOAT, BOOLEAN, SYMBOL, TEXT, OCTETS, FIXED, OPTIONAL, PRESENT, LIST, NEXT_ITEM = map(int, Op)
LAST_SHIFT = 49  # bits before the last of eight bytes
ALL_BUT_SIGN = (1 << 63) - 1
LOW_HALF = (1 << 32) - 1
ONES = 0x0101_0101_0101_0101
HIGH_BITS = -0x7F7F_7F7F_7F7F_7F80  # of eight bytes
LONGEST = 1 << 31  # bytes of a text
INLINE = 12  # bytes of a text that stand in its Arrow view


@inlined
def varint(octets, at, end):
    """A zigzag number and the position behind it."""
    raw, shift, after = 0, 0, -1
    while at < end and shift <= LAST_SHIFT:
        octet = np.int64(octets[at])
        at += 1
        raw |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            after = at
            break
    return (raw >> 1) ^ -(raw & 1), after


@inlined
def sized(octets, at, end, most):
    """The first byte of a value that states its length, and the position behind it."""
    length, first = varint(octets, at, end)
    after = first + length
    if first < 0 or length < 0 or length > most or after > end:
        after = -1
    return first, after


@inlined
def plain(word):
    """Whether none of eight bytes is zero or beyond ASCII."""
    return not (word | (word - ONES)) & HIGH_BITS


@inlined
def fits(octets, words, first, end, start, steps, accepts):
    """Whether an automaton accepts these bytes."""
    at, state = first, start
    if start == ANY_TEXT:
        while at + 8 <= end and plain(words[at]):
            at += 8
        while at < end and 0 < octets[at] < 0x80:
            at += 1
    while at < end and state != REFUSED:
        state = np.int64(steps[state, octets[at]])
        at += 1
    return accepts[state]


@inlined
def lowest(word, size):
    """The first bytes of a word of eight, the others zero."""
    return word if size >= 8 else (word & ((1 << (8 * size)) - 1) if size > 0 else 0)


@inlined
def big_endian(octets, first, end):
    """A two's complement number of at most eight bytes."""
    value = 0
    if first < end and octets[first] > 0x7F:
        value = -1
    for at in range(first, end):
        value = (value << 8) | np.int64(octets[at])
    return value


@inlined
def widened(bits):
    """The bits of a float64 from those of a float32; infinite where the float is not finite, or too small to be normal."""
    exponent, fraction = (bits >> 23) & 0xFF, bits & 0x7FFFFF
    sign = (bits >> 31) << 63
    if exponent == 0 and fraction == 0:
        wide = sign
    elif exponent in (0, 0xFF):
        wide = 0x7FF << 52
    else:
        wide = sign | ((exponent + 896) << 52) | (fraction << 29)
    return wide


@inlined
def number(octets, words, at, end, op, extra):
    """A leaf that is a number, or the bits of a float64, and the position behind it."""
    value = 0
    if op == WHOLE:
        value, at = varint(octets, at, end)
    elif op == DECIMAL:
        first, at = sized(octets, at, end, extra)
        if at >= 0:
            value = big_endian(octets, first, at)
    elif op == DOUBLE:
        value, at = words[at], (at + 8 if at + 8 <= end else -1)
    elif op == FLOAT:
        value, at = widened(words[at] & LOW_HALF), (at + 4 if at + 4 <= end else -1)
    else:
        value, at = np.int64(octets[at]), (at + 1 if at < end else -1)
    return value, at


@inlined
def text(octets, at, end, op, extra):
    """The first byte of a leaf that is a text or bytes, and the position behind it."""
    first = at
    if op == FIXED:
        at = at + extra if at + extra <= end else -1
    else:
        first, at = sized(octets, at, end, LONGEST)
    return first, at


@inlined
def is_utf8(octets, first, end, steps, accepts):
    """U+0000 among them."""
    state = ANY_TEXT
    for at in range(first, end):
        state = np.int64(steps[state, max(octets[at], 1)])
    return accepts[state]


@compiled
def measure(octets, words, starts, ends, latest, ops, steps, accepts, left, loops, mine, rows, doubts):
    """What is doubted about each body, and the rows of every level that those have together of which nothing is.

    GOOD; BROKEN: not certainly a value of the schema; else it is one, and this is the first operation whose value may break a rule (one
    that is only too far ahead of its record counts last). They go into `doubts` and `rows`, which is zero; `left` and `loops` are room for
    MAX_DEPTH lists, `mine` for every level.
    """
    for body in range(len(starts)):
        at, end, pc, depth, suspect, ahead = starts[body], ends[body], 0, -1, GOOD, GOOD
        for level in range(len(mine)):
            mine[level] = 0
        while at >= 0 and pc < len(ops):
            op = ops[pc, OP]
            if op == OPTIONAL:
                branch = octets[at]
                at = at + 1 if at < end and (branch == 0 or branch == 2) else -1
                pc = pc + 1 if branch else ops[pc, SKIP]
                continue
            if op <= BOOLEAN:
                value, at = number(octets, words, at, end, op, ops[pc, EXTRA])
                if op == DOUBLE or op == FLOAT:
                    if (value >> 52) & 0x7FF == 0x7FF:
                        suspect = pc if suspect == GOOD else suspect
                    value ^= (value >> 63) & ALL_BUT_SIGN
                if value < ops[pc, LEAST] or value > ops[pc, MOST]:
                    at = -1
                elif value < ops[pc, LOW] or value > ops[pc, HIGH]:
                    suspect = pc if suspect == GOOD else suspect
                elif op == WHOLE and ops[pc, EXTRA] and value > latest[body] * ops[pc, EXTRA]:
                    ahead = pc
            elif op == SYMBOL:
                value, at = varint(octets, at, end)
                if value < 0 or value > ops[pc, HIGH]:
                    at = -1
            elif op <= FIXED:
                first, at = text(octets, at, end, op, ops[pc, EXTRA])
                if op == TEXT and at >= 0:
                    if not fits(octets, words, first, at, ops[pc, EXTRA], steps, accepts):
                        suspect = pc if suspect == GOOD else suspect
                        if not is_utf8(octets, first, at, steps, accepts):
                            at = -1
                    elif at - first > ops[pc, HIGH]:
                        suspect = pc if suspect == GOOD else suspect
            elif op == LIST:
                count, at = varint(octets, at, end)
                if count == 0:
                    pc = ops[pc, SKIP]
                    continue
                if count < 0 or count > end - at or depth == MAX_DEPTH - 1:
                    at = -1
                else:
                    depth += 1
                    left[depth], loops[depth] = count, pc + 1
            elif op == NEXT_ITEM:
                mine[ops[pc, EXTRA]] += 1
                left[depth] -= 1
                if left[depth] == 0:
                    left[depth], at = varint(octets, at, end)
                    if left[depth] < 0 or left[depth] > end - at:
                        at = -1
                if left[depth] > 0:
                    pc = loops[depth]
                    continue
                depth -= 1
            pc += 1
        if at == end:
            doubts[body] = ahead if suspect == GOOD else suspect
            if doubts[body] == GOOD:
                mine[0] = 1
                for level in range(len(mine)):
                    rows[level] += mine[level]
        else:
            doubts[body] = BROKEN


@compiled
def fill(octets, words, starts, ends, ops, places, valid_places, symbols, left, loops, row, lanes, valid):
    """The leaves of accepted bodies into `lanes` and `valid`, which are zero.

    `places[pc]`: where the operation's lane begins; `valid_places[pc]`: the same in `valid`. NOWHERE: not stored. A text is two words,
    an Arrow view into `octets`. `left` and `loops` are room for MAX_DEPTH lists; `row` is zero for every level.
    """
    for body in range(len(starts)):
        at, end, pc, depth = starts[body], ends[body], 0, -1
        while pc < len(ops):
            op, place = ops[pc, OP], places[pc]
            if op == OPTIONAL:
                branch = octets[at]
                at += 1
                pc = pc + 1 if branch else ops[pc, SKIP]
                continue
            here = row[ops[pc, LEVEL]]
            if valid_places[pc] != NOWHERE:
                valid[valid_places[pc] + here] = 1
            if op <= BOOLEAN:
                value, at = number(octets, words, at, end, op, ops[pc, EXTRA])
                if place != NOWHERE:
                    if op == DECIMAL:
                        lanes[place + 2 * here] = value
                        lanes[place + 2 * here + 1] = value >> 63
                    else:
                        lanes[place + here] = value
            elif op == SYMBOL:
                value, at = varint(octets, at, end)
                if place != NOWHERE:
                    lanes[place + 2 * here] = symbols[ops[pc, EXTRA] + value, 0]
                    lanes[place + 2 * here + 1] = symbols[ops[pc, EXTRA] + value, 1]
            elif op <= FIXED:
                first, at = text(octets, at, end, op, ops[pc, EXTRA])
                if place != NOWHERE:
                    size = at - first
                    if size <= INLINE:
                        begin, rest = lowest(words[first], min(size, 4)), lowest(words[first + 4], size - 4)
                    else:
                        begin, rest = words[first] & LOW_HALF, first << 32
                    lanes[place + 2 * here] = size | (begin << 32)
                    lanes[place + 2 * here + 1] = rest
            elif op == LIST:
                count, at = varint(octets, at, end)
                if count == 0:
                    if place != NOWHERE:
                        lanes[place + here + 1] = row[ops[pc, EXTRA]]
                    pc = ops[pc, SKIP]
                    continue
                depth += 1
                left[depth], loops[depth] = count, pc
            elif op == NEXT_ITEM:
                row[ops[pc, EXTRA]] += 1
                left[depth] -= 1
                if left[depth] == 0:
                    left[depth], at = varint(octets, at, end)
                opened = loops[depth]
                if left[depth] > 0:
                    pc = opened + 1
                    continue
                if places[opened] != NOWHERE:
                    lanes[places[opened] + row[ops[opened, LEVEL]] + 1] = row[ops[pc, EXTRA]]
                depth -= 1
            pc += 1
        row[0] += 1
