"""Tools for authors: run and store notebooks, check stored ones, write them as text.

Used from the command line, see ``python -m rxcourse.notebooks --help``. Needs the extra `test`.
"""
