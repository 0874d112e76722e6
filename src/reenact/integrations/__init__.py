"""Recorders and mock models for the clients and frameworks that agents are written with.

One file each, each the only one that imports its framework; all of them optional. They hand on what
happens to a recorded session, and answer from a script; how either is done is no business of theirs.
"""

__all__: list[str] = []
