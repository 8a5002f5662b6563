"""MLflow as a live view of the files: nothing is kept in the store that the files do not say.

`records` reads the files, `store` keeps the SQLite file in order, `runs` writes one run, `reflection` is one pass that
makes the store equal to the files, `mirror` repeats it, `ledger` says what is mirrored and what is not, `view` and `ui`
show it. MLflow is imported inside functions of `store` and `runs` only: it costs three CPU seconds and more.
"""
