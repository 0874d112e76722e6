"""Replay: a recording arranged for playing back, matched by content, and every difference explained.

The room is pure: requests come in and answers go out as values. It refuses to guess: what does not
match is located and reported, never silently approximated; and it never reaches for a network.
"""
