# SPDX-License-Identifier: MIT
"""The transports: how this host waits for a reply. Each knows no task and no model; either has a class Client."""
