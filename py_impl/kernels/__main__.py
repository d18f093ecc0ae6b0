# SPDX-License-Identifier: MIT
"""The program: `python3 -s -E -m py_impl.kernels numba|cython run|list`, started in the project's root."""

if __name__ == "__main__":
    import sys

    from py_impl.host import main
    from py_impl.runtimes import COMPILED

    sys.exit(main(sys.argv[2:], COMPILED[sys.argv[1]]))
