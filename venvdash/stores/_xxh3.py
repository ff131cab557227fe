"""XXH3, 64 bits, seed 0: what pixi makes of a workspace's path.

After the specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Pure
Python, as a dependency for hashing one path is not worth it.
"""

from itertools import pairwise

_MASK = (1 << 64) - 1
_P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_P64 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_MX1 = 0x165667919E3779F9
_MX2 = 0x9FB21C651E98DF25
_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_STRIPE = 64  # bytes
_BLOCK = (len(_SECRET) - _STRIPE) // 8 * _STRIPE  # the secret moves on by 8 bytes a stripe


def digest(data: bytes) -> int:
    """Return the hash of ``data`` as a number below 2**64."""
    if len(data) <= 16:
        return _short(data)
    if len(data) <= 128:
        return _up_to_128(data)
    if len(data) <= 240:
        return _up_to_240(data)
    return _long(data)


def _read(data: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _rotated(value: int, left: int) -> int:
    return ((value << left) | (value >> (64 - left))) & _MASK


def _swapped(value: int) -> int:
    return int.from_bytes(value.to_bytes(8, "little"), "big")


def _folded(left: int, right: int) -> int:
    """Return both halves of the 128-bit product, one over the other."""
    product = left * right
    return (product & _MASK) ^ (product >> 64)


def _avalanche(value: int) -> int:
    value = ((value ^ (value >> 37)) * _MX1) & _MASK
    return value ^ (value >> 32)


def _avalanche_xxh64(value: int) -> int:
    value = ((value ^ (value >> 33)) * _P64[1]) & _MASK
    value = ((value ^ (value >> 29)) * _P64[2]) & _MASK
    return value ^ (value >> 32)


def _short(data: bytes) -> int:
    size = len(data)
    if size > 8:
        low = _read(data, 0) ^ _read(_SECRET, 24) ^ _read(_SECRET, 32)
        high = _read(data, size - 8) ^ _read(_SECRET, 40) ^ _read(_SECRET, 48)
        return _avalanche((size + _swapped(low) + high + _folded(low, high)) & _MASK)
    if size >= 4:
        mixed = _read(data, size - 4, 4) + (_read(data, 0, 4) << 32)
        value = mixed ^ _read(_SECRET, 8) ^ _read(_SECRET, 16)
        value ^= _rotated(value, 49) ^ _rotated(value, 24)
        value = (value * _MX2) & _MASK
        value ^= (value >> 35) + size
        value = (value * _MX2) & _MASK
        return value ^ (value >> 28)
    if size:
        mixed = data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8
        return _avalanche_xxh64(mixed ^ _read(_SECRET, 0, 4) ^ _read(_SECRET, 4, 4))
    return _avalanche_xxh64(_read(_SECRET, 56) ^ _read(_SECRET, 64))


def _mixed(data: bytes, at: int, secret: int) -> int:
    low, high = _read(data, at), _read(data, at + 8)
    return _folded(low ^ _read(_SECRET, secret), high ^ _read(_SECRET, secret + 8))


def _up_to_128(data: bytes) -> int:
    size = len(data)
    total = size * _P64[0]
    for pair in range((size - 1) // 32 + 1):
        total += _mixed(data, 16 * pair, 32 * pair)
        total += _mixed(data, size - 16 * (pair + 1), 32 * pair + 16)
    return _avalanche(total & _MASK)


def _up_to_240(data: bytes) -> int:
    size = len(data)
    total = size * _P64[0] + sum(_mixed(data, 16 * i, 16 * i) for i in range(8))
    total = _avalanche(total & _MASK)
    total += sum(_mixed(data, 16 * i, 16 * (i - 8) + 3) for i in range(8, size // 16))
    total += _mixed(data, size - 16, 136 - 17)
    return _avalanche(total & _MASK)


def _accumulate(lanes: list[int], data: bytes, at: int, secret: int) -> None:
    for lane in range(8):
        value = _read(data, at + 8 * lane)
        keyed = value ^ _read(_SECRET, secret + 8 * lane)
        lanes[lane ^ 1] += value
        lanes[lane] += (keyed & 0xFFFFFFFF) * (keyed >> 32)
    lanes[:] = [lane & _MASK for lane in lanes]


def _long(data: bytes) -> int:
    size = len(data)
    lanes = [_P32[2], *_P64[:4], _P32[1], _P64[4], _P32[0]]
    starts = [*range(0, size - 1, _BLOCK), size - 1]  # the last byte is never a whole block's
    for start, end in pairwise(starts):
        stripes = (min(end, start + _BLOCK) - start) // _STRIPE
        for stripe in range(stripes):
            _accumulate(lanes, data, start + _STRIPE * stripe, 8 * stripe)
        if stripes == _BLOCK // _STRIPE:
            _scramble(lanes)
    _accumulate(lanes, data, size - _STRIPE, len(_SECRET) - _STRIPE - 7)
    total = size * _P64[0]
    for pair in range(4):
        key = 11 + 16 * pair
        left = lanes[2 * pair] ^ _read(_SECRET, key)
        total += _folded(left, lanes[2 * pair + 1] ^ _read(_SECRET, key + 8))
    return _avalanche(total & _MASK)


def _scramble(lanes: list[int]) -> None:
    for i, lane in enumerate(lanes):
        key = _read(_SECRET, len(_SECRET) - _STRIPE + 8 * i)
        lanes[i] = ((lane ^ (lane >> 47) ^ key) * _P32[0]) & _MASK
