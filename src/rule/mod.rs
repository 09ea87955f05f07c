//! Audit rules: the words users write, the bytes the kernel takes, and the way back.
