//! Configuration files of the audit field: one `key = value` grammar, and tables of keys for each file.
