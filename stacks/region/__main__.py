"""The region of the venue that the stack is named after."""

from rialto_platform.clouds import programs

programs.region()
