"""Rialto's platform: the venue model and the providers that build it.

Importing this package imports nothing else: the commands that must answer at once take only the module they need.
"""
