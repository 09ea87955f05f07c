//! An event as a sentence: who did what to what, how, and whether it worked.
