"""A job hashes 4 MB: in one buffer, or in many small ones. hashlib lets go of Python's lock above 2047 bytes only."""

import hashlib

LARGE, SMALL = bytes(4 << 20), bytes(2047)


def large(job):
    return hashlib.sha256(LARGE).hexdigest()


def small(job):
    for _ in range(len(LARGE) // len(SMALL)):
        found = hashlib.sha256(SMALL)
    return found.hexdigest()
