"""The limits of looking into one file, each with its reason."""

MEBIBYTE = 1 << 20

MEMORY_BYTES = 224 * MEBIBYTE
"""Address space above the interpreter's own; 256 MiB are promised, the rest is the allocator's."""
SECONDS = 5
"""Processor time of the child; an honest file of 10 MB takes a tenth of it."""
PATIENCE_SECONDS = 20
"""Wall time of the child: on a machine that is busy with other things a sound file must not fail by the clock."""
SECONDS_OF_ITS_OWN = 3.8
"""When the child stops by itself and says so, rather than being killed."""

LARGEST_FILE = 96 * MEBIBYTE
"""A larger file is not looked into: it could not be within the memory; e-mail takes 10 MB, portals 25 to 100 MB."""
LARGEST_TEXT = 32 * MEBIBYTE
"""Texts and parts of documents are held in memory, up to four bytes a character."""
KEPT_IN_MEMORY = 8 * MEBIBYTE
"""What is unpacked beyond this lies in a temporary file."""
LARGEST_INNER = 64 * MEBIBYTE
MOST_UNPACKED = 512 * MEBIBYTE
"""Of all levels together; also the limit of temporary files."""
MOST_FILES = 10_000
"""Files within a file, of all levels together."""
MOST_LEVELS = 6
"""A picture in a workbook in a document in a zip in a message is at the fifth."""

UNSUSPICIOUS_BYTES = 16 * MEBIBYTE
HIGHEST_RATIO = 200
"""Text packs 3 to 30 times, sheets 50; above this and 16 MiB it was made to burst something."""

MOST_PICTURE_BYTES = 1024 * MEBIBYTE
"""Decoded: a 36 x 48 inch drawing at 600 dpi has 622 million points of one bit, which are 78 MB."""
HIGHEST_PICTURE_RATIO = 900
"""Blank pages in black and white pack some hundreds of times."""
LONGEST_NAME = 255
"""Bytes of UTF-8: no usual disk stores a longer one."""
