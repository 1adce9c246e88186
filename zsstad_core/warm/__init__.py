"""Stages that start without waiting: a process that has imported what they need forks a child for each.

make runs a stage through `client`, which hands it to the warm parent (`server`) of this make and waits for its end. The
first client starts the warm parent. It ends when make ends, however make ends. docs/architecture.md says why children
are forked, and what was measured.
"""
