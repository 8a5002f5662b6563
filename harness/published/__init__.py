"""Published results: the records of a study, small enough for a repository, and own runs held against them.

`write` publishes, `compare` compares without rerunning anything, `picture` draws the comparison.
"""
