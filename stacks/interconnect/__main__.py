"""The circuits and gateways of the region that the stack is named after, or the tunnels of the pair."""

from rialto_platform.clouds import programs

programs.interconnect()
