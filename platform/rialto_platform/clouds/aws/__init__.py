"""A region on AWS: `region.AwsGround` and its parts.

`rules` decides and knows no SDK; the others turn what is decided into resources.
"""
