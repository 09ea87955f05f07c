//! This host's name and address (uname(2), getaddrinfo(3)). Resolving may take long.

use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The host's name as the kernel has it.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name with its domain. The error is the resolver's sentence.
pub fn full_name(name: &str) -> Result<String, String> {
    let mut names = None;
    resolve(name, &mut |found| {
        // SAFETY: getaddrinfo gave this list; with AI_CANONNAME the first entry's name is a C string or null.
        let canonical = unsafe { found.ai_canonname.as_ref().map(|p| CStr::from_ptr(p)) };
        names = names.take().or_else(|| canonical.map(|c| c.to_string_lossy().into_owned()));
    })?;
    names.ok_or_else(|| NO_NAME.to_string())
}

/// The first address of the name, in numbers. The error is the resolver's sentence.
pub fn address(name: &str) -> Result<String, String> {
    addresses(name)?.first().map(|address| address.ip().to_string()).ok_or_else(|| NO_NAME.to_string())
}

/// All addresses of the name, the preferred one first, with port 0. The interface of one that is good for one link alone is in it
/// (`fe80::1%eth0`). The error is the resolver's sentence.
pub fn addresses(name: &str) -> Result<Vec<SocketAddr>, String> {
    let mut all = Vec::new();
    resolve(name, &mut |found| {
        // SAFETY: getaddrinfo gave this entry; its address has the layout its family says.
        let address: Option<SocketAddr> = unsafe {
            match found.ai_family {
                libc::AF_INET => {
                    let v4 = &*found.ai_addr.cast::<libc::sockaddr_in>();
                    Some((Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)), 0).into())
                }
                libc::AF_INET6 => {
                    let v6 = &*found.ai_addr.cast::<libc::sockaddr_in6>();
                    let address = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                    Some(SocketAddrV6::new(address, 0, 0, v6.sin6_scope_id).into())
                }
                _ => None,
            }
        };
        all.extend(address);
    })?;
    Ok(all)
}

const NO_NAME: &str = "no name";

/// Shows all that getaddrinfo(3) finds to `pick`.
fn resolve(name: &str, pick: &mut dyn FnMut(&libc::addrinfo)) -> Result<(), String> {
    let c_name = CString::new(name).map_err(|_| "Name or service not known".to_string())?;
    // SAFETY: all-zero bytes are valid hints.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_flags = libc::AI_ADDRCONFIG | libc::AI_CANONNAME;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list = std::ptr::null_mut();
    // SAFETY: name and hints live through the call; `list` receives a list that is freed below.
    let code = unsafe { libc::getaddrinfo(c_name.as_ptr(), std::ptr::null(), &raw const hints, &raw mut list) };
    if code != 0 {
        // SAFETY: gai_strerror returns a static C string for every code.
        return Err(unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy().into_owned());
    }
    let mut next = list;
    // SAFETY: each entry is null or a live one of the list.
    while let Some(entry) = unsafe { next.as_ref() } {
        pick(entry);
        next = entry.ai_next;
    }
    // SAFETY: the list came from getaddrinfo and is not used afterwards.
    unsafe { libc::freeaddrinfo(list) };
    Ok(())
}
