# SPDX-License-Identifier: MIT
"""
Engines: models that own their workers. Each starts them itself, by a supervisor (supervisor.py), has them warm before the gate, and takes
what they answer (answers.py): they share no slots with the host. Like a model's, each module has run(run: Run) -> None.
"""
