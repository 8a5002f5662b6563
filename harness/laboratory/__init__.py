"""The estimator laboratory: what one update of an algorithm is worth, at frozen parameters along a common path.

`bench.py` says what is measured, `path.py` where, `update.py` makes one update, `truth.py` knows what it should have
been, `moments.py` sums many of them up, `laws.py` says what theory expects, `job.py` records it all like runs.
"""
