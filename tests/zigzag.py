"""One Avro int or long as bytes, written a second time: what the compiled walk reads is not made by what it is tested with."""


def zigzag(value: int) -> bytes:
    left = (value << 1) ^ (value >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)
