//! The audit daemon as a pure step function (input -> actions), its queue, and the loop that carries actions out.
