"""The local platform: a venue as processes of one machine, with no cloud account."""
