"""Is what was recorded true? Runs are run again in a scratch folder and held against their records.

The promise, and its scope: `docs/reproducibility.md`.
"""
