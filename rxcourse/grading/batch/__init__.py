"""The batch grader: a folder of notebooks, each run in a process of its own, into one table.

``command`` is what the command line calls. ``folder`` finds what was handed in;
``submission`` takes one notebook, reads its cells with ``code_cells`` and hands them to a
``process``. There ``child`` sets its ``limits``, runs the cells, puts back the ``originals``
of what they replaced, and judges with the right ``answers``. ``gradebook`` writes the table.
"""
