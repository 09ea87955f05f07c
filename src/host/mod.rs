//! This machine: its names and its clock, its configuration files, and the checks of what they refer to.
//!
//! The daemon and the reading commands ask this room, so that both see one configuration.

pub mod checks;
pub mod config_file;
pub mod logger;
pub mod names;
pub mod paths;
pub mod plugins;
#[cfg(feature = "tls")]
pub mod tls_files;

pub use config_file::{load_config, node_name, place_of};
