# SPDX-License-Identifier: MIT
"""The program: `python3 -s -E -m py_impl.ext run|list`, started in the project's root."""

if __name__ == "__main__":
    import sys

    from py_impl.host import main
    from py_impl.runtimes import EXT

    sys.exit(main(sys.argv[1:], EXT))
