"""Start a program from a small process and write down what it took: `starter.py FILE PROGRAM WORDS...`.

Linux counts the memory of the process that starts a program as the program's own: /bin/true started by one of 500 MiB
"takes" 510. Started from here it takes what Python without any import does, 10 MiB, or its own if that is more.
"""

import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    start = time.perf_counter()
    program = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(program, 0)
    took = [time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]
    Path(sys.argv[1]).write_text(json.dumps(took), encoding="utf-8")
    sys.exit(os.waitstatus_to_exitcode(status))
