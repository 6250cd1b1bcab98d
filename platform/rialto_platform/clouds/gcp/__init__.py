"""A region on Google Cloud: `region.GcpGround` and its parts.

`nearest`, `nodes`, `principals` and `rules` decide and know no SDK; the others turn what they decide into resources.
"""
