//! The segmented, checksummed journal of a node.
