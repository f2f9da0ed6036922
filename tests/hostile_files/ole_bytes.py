"""Compound files of the old Office, written by hand ([MS-CFB], version 3)."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import struct
from collections.abc import Mapping

SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write(streams: Mapping[str, bytes], clsid: bytes = bytes(16), classes: Mapping[str, bytes] = {}) -> bytes:
    """Write streams by path (`Macros/VBA/dir`); each is filled up to 4,096 bytes so that no small sectors are needed."""
    paths: dict[tuple[str, ...], bytes | None] = {(): None}
    for path, content in streams.items():
        steps = tuple(path.split("/"))
        for depth in range(1, len(steps)):
            paths.setdefault(steps[:depth], None)
        paths[steps] = content if len(content) >= 4096 else content.ljust(4096, b"\0")
    order = list(paths)
    sectors: list[bytes] = []
    fat: list[int] = []
    starts: dict[tuple[str, ...], int] = {}
    for path, content in paths.items():
        if content is not None:
            starts[path] = _chain(content, sectors, fat)
    folder = b""
    for path in order:
        children = [order.index(one) for one in order if len(one) == len(path) + 1 and one[: len(path)] == path]
        siblings = [order.index(one) for one in order if path and len(one) == len(path) and one[:-1] == path[:-1]]
        later = [one for one in siblings if one > order.index(path)]
        folder += _entry(
            path,
            paths[path],
            starts.get(path, _END),
            children[:1],
            later[:1],
            classes.get("/".join(path), clsid if not path else bytes(16)),
        )
    folder += bytes(-len(folder) % SECTOR)
    folder_at = _chain(folder, sectors, fat)
    count = 1
    while (len(fat) + count) * 4 > count * SECTOR:
        count += 1
    fat_at = list(range(len(sectors), len(sectors) + count))
    fat += [_FAT] * count
    table = b"".join(struct.pack("<L", one) for one in fat).ljust(count * SECTOR, b"\xff")
    header = struct.pack("<8s16sHHHHH6sLLLLLLLLLL", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6), 0,
                         count, folder_at, 0, 4096, _END, 0, _END, 0, fat_at[0])  # fmt: skip
    header += b"".join(struct.pack("<L", one) for one in fat_at[1:])
    return header.ljust(SECTOR, b"\xff") + b"".join(sectors) + table


def _chain(content: bytes, sectors: list[bytes], fat: list[int]) -> int:
    first = len(sectors)
    pieces = [content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(content), SECTOR)]
    for index, piece in enumerate(pieces):
        sectors.append(piece)
        fat.append(first + index + 1 if index + 1 < len(pieces) else _END)
    return first


def _entry(
    path: tuple[str, ...], content: bytes | None, start: int, child: list[int], later: list[int], clsid: bytes
) -> bytes:
    name = (path[-1] if path else "Root Entry").encode("utf-16-le") + b"\0\0"
    kind = 5 if not path else 1 if content is None else 2
    return struct.pack("<64sHBBLLL16sLQQLQ", name, len(name), kind, 1, _FREE, later[0] if later else _FREE, child[0] if child else _FREE, clsid, 0, 0, 0,
                       start if content is not None else (0 if path else _END), len(content or b""))  # fmt: skip
