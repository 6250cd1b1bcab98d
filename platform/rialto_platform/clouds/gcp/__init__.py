"""A region on Google Cloud: `region.GcpGround` and its parts.

`nearest`, `principals` and `rules` decide and know no SDK; the others turn what they decide into resources.
"""
