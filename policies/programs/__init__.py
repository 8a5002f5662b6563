"""Programs: structures written for one environment, with 1 to 8 parameters that mean something.

A program is one formula; its file stands alone and repeats the few lines that every structure has, so that it can be
read, copied and changed without another one. `start: shipped` begins at its known constants (an expert), the default
`start: random` at a draw that knows only the units: a fair beginning for a comparison of learners. Programs expect raw
observations; under an observation normaliser they are still functions, but their constants lose their meaning.
"""
