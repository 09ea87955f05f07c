//! The files of TLS (feature `tls`): keys, and who may connect. Whoever can read a key can pass for its owner, and whoever can write
//! to the list can let himself in, so both are looked at before they are read.

use crate::config::ConfigError;
use crate::config::auditd::Config;
use crate::config::tls::Transport;
use crate::sys::{error_reason, files, random};
use crate::tls::acl::Acl;
use crate::tls::clients::Clients;
use crate::tls::{Psk, Seed};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A key has 510 digits at most; a list of a thousand clients has less than this.
const LONGEST: u64 = 1 << 20;

/// Reads the file of a key: regular, no symbolic link, root's, of mode 0400.
///
/// # Errors
/// A sentence that begins with the path. Nothing of the key is in it.
pub fn load_key(path: &str) -> Result<Psk, String> {
    let text = read(path, |mode| (mode & 0o7777 != 0o400).then_some("must have the mode 0400"))?;
    Psk::parse(&text).map_err(|reason| format!("{path} {reason}"))
}

/// Reads the list of clients, and their keys: regular, no symbolic link, root's, closed to the writing of others.
///
/// # Errors
/// A sentence that begins with the path of the file that is to blame.
pub fn load_acl(path: &str) -> Result<Acl, String> {
    let text = read(path, |mode| (mode & 0o022 != 0).then_some("may be written by others than root"))?;
    Acl::parse(&text, path, &mut load_key)
}

/// Reads who may connect to the listener, if that is under TLS.
///
/// # Errors
/// A file that cannot be used; the sentence begins with its path.
pub fn load_clients(config: &mut Config) -> Result<(), ConfigError> {
    let (tls, list) = (&config.tls, &config.tls_allowed_clients);
    if config.transport != Transport::Tls || config.tcp_listen_port == 0 {
        return Ok(());
    }
    let fail = |key: &str, text: String| ConfigError { line: 0, key: key.to_string(), text };
    let load = |path: &str| (!path.is_empty()).then(|| load_key(path)).transpose();
    let shared = load(&tls.psk_file).map_err(|text| fail("tls_psk_file", text))?;
    let acl = (!list.is_empty()).then(|| load_acl(list)).transpose();
    let acl = acl.map_err(|text| fail("tls_allowed_clients", text))?;
    if acl.as_ref().is_some_and(|acl| !acl.has_keys() && acl.enabled() > 0) && shared.is_none() {
        return Err(fail("tls_allowed_clients", format!("{list} names no keys, and there is no tls_psk_file")));
    }
    config.tls_clients = Arc::new(Clients::new(acl, &tls.psk_identity, shared));
    Ok(())
}

/// The randomness of one connection.
///
/// # Errors
/// A sentence.
pub fn seed() -> Result<Seed, String> {
    let mut bytes = [0; Seed::SIZE];
    random::fill(&mut bytes).map_err(|error| format!("no random numbers are to be had ({})", error_reason(&error)))?;
    Ok(Seed::new(&mut bytes))
}

fn read(path: &str, fault: impl Fn(u32) -> Option<&'static str>) -> Result<Zeroizing<Vec<u8>>, String> {
    let failed = |error: std::io::Error| format!("{path} cannot be read ({})", error_reason(&error));
    let file = files::open_read(Path::new(path), false).map_err(failed)?;
    let facts = file.metadata().map_err(failed)?;
    let fault = match () {
        () if !facts.is_file() => Some("is not a regular file"),
        () if facts.uid() != 0 => Some("is not owned by root"),
        () if facts.len() > LONGEST => Some("is longer than 1 MiB"),
        () => fault(facts.mode()),
    };
    if let Some(fault) = fault {
        return Err(format!("{path} {fault}"));
    }
    // With room for all of it no copy of a key is left behind by one that grows.
    let mut text = Zeroizing::new(Vec::with_capacity(facts.len() as usize + 1));
    file.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";

    #[test]
    #[ignore = "needs root: the files must be root's"]
    fn a_key_that_others_could_have_read_is_refused() {
        let folder = std::env::temp_dir().join(format!("auditbox-tls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("key").to_str().unwrap().to_string();
        let write = |text: &str, mode| {
            let _ = fs::remove_file(&path);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        write(KEY, 0o400);
        assert!(load_key(&path).is_ok());
        for (text, mode, reason) in [
            (KEY, 0o600, "must have the mode 0400"),
            (KEY, 0o440, "must have the mode 0400"),
            ("", 0o400, "is empty, or its first line is"),
            ("secret\n", 0o400, "has something else than hexadecimal digits in its first line"),
        ] {
            write(text, mode);
            assert_eq!(load_key(&path).unwrap_err(), format!("{path} {reason}"));
        }
        write(KEY, 0o400);
        let link = folder.join("link").to_str().unwrap().to_string();
        symlink(&path, &link).unwrap();
        assert!(load_key(&link).unwrap_err().contains("symbolic link"), "{:?}", load_key(&link));
        let folder_name = folder.to_str().unwrap();
        assert!(load_key(folder_name).unwrap_err().ends_with("is not a regular file"));
        write(&format!("web enabled key={path}\n"), 0o622);
        assert!(load_acl(&path).unwrap_err().ends_with("may be written by others than root"));
        fs::remove_dir_all(folder).unwrap();
    }
}
