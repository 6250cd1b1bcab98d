"""A region's ground in Azure. Only the submodules of the SDK that are used are imported: it has some two hundred."""
