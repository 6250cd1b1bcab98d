"""A region's ground in Azure; only the submodules of the SDK that are used are imported, since all of them take
minutes.
"""
