"""``python -m rxcourse``: doctor, start, check, progress, grade."""

import sys

from rxcourse.grading.commands import main

if __name__ == "__main__":
    sys.exit(main())
