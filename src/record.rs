//! One line of an audit log: type, node, stamp and fields. Borrows the line, never allocates.
