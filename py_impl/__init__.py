# SPDX-License-Identifier: MIT
"""The Python host of cobench: every task under every model, scheduled by Python. Run as `python3 -m py_impl`."""

VERSION = "0.1.0"  # that of the Makefile; a test compares the two
