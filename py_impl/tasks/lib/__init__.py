# SPDX-License-Identifier: MIT
"""What several tasks share."""
