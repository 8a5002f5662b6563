"""One file that holds a study whole: data, report, sources, lock and a description for machines (RO-Crate 1.1).

A bundle is a project in a zip file: unpacked, it is a checkout with its results. It is stored without compression and
without times, so that the same files give the same bytes, and a reader can refuse anything that would grow.
"""
