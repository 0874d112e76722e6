"""Dialects of model providers, without any I/O: requests, responses, streams, fingerprints, differences.

Recording and replay share this room, so that what is recorded and what is asked are read the same
way. What every dialect needs stands here; one folder per dialect holds the rest. It refuses to
touch a socket, a clock or a file, and it never drops a field it does not know.
"""
