# SPDX-License-Identifier: MIT
"""The built-in tasks, one module each; `lib` holds what several of them share."""
