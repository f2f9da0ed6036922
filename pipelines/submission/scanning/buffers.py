"""The bytes of a file: in memory, or mapped from the disk."""

import mmap

Bytes = bytes | mmap.mmap
