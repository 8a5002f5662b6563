"""MLflow as a live view of the files: nothing is kept in the store that the files do not say.

`records` reads the files, `store` keeps the SQLite file in order, `mirror` makes the store equal to the files, `ledger`
says what is mirrored and what is not, `view` and `ui` show it. Only `mirror`, `store` and `view` touch MLflow, and only
inside functions: importing it costs three CPU seconds and more.
"""
