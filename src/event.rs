//! Records that share node, time and serial become events: one bounded assembler for every reader.
