"""A second process that checks chunks of a log: takes what to do on standard input, answers chunk by chunk on standard output.

python -m warehouse.audit.chunk_worker, started by chunks.py: a fork would copy the pool's threads half alive, and
multiprocessing's other ways import the whole program again.
"""

import pickle
import sys

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.audit.chunks import Work, check_chunk


def main() -> None:
    """Check the chunks that were asked for, in order."""
    work: Work = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the parent
    with psycopg.connect(make_conninfo("", **work.where), connect_timeout=5) as connection:
        for number, task in enumerate(work.tasks):
            with connection.transaction():
                connection.execute("select act_as('system', null)")
                found = check_chunk(connection, work.keys, task, work.link if number == 0 else None)
            pickle.dump(found, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
