"""The venue's ground in the clouds: what each region and each link between them consists of.

Pure decisions (`addresses`, `names`, `machines`, `links`) know no SDK; the components in `aws`, `gcp` and `azure` turn
them into resources. Only this package imports Pulumi.
"""
