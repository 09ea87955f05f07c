//! This host's name and address (uname(2), getaddrinfo(3)). Resolving may take long.

use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host's name as the kernel has it.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name with its domain. The error is the resolver's sentence.
pub fn full_name(name: &str) -> Result<String, String> {
    let names = resolve(name, |found| {
        // SAFETY: getaddrinfo gave this list; with AI_CANONNAME the first entry's name is a C string or null.
        let canonical = unsafe { found.ai_canonname.as_ref().map(|p| CStr::from_ptr(p)) };
        canonical.map(|c| c.to_string_lossy().into_owned())
    })?;
    first(names)
}

/// The first address of the name, in numbers. The error is the resolver's sentence.
pub fn address(name: &str) -> Result<String, String> {
    first(addresses(name)?)
}

/// All addresses of the name, in numbers, the preferred one first. The error is the resolver's sentence.
pub fn addresses(name: &str) -> Result<Vec<String>, String> {
    resolve(name, |found| {
        // SAFETY: getaddrinfo gave this entry; its address has the layout its family says.
        let address: IpAddr = unsafe {
            match found.ai_family {
                libc::AF_INET => {
                    let v4 = &*found.ai_addr.cast::<libc::sockaddr_in>();
                    Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)).into()
                }
                libc::AF_INET6 => {
                    let v6 = &*found.ai_addr.cast::<libc::sockaddr_in6>();
                    Ipv6Addr::from(v6.sin6_addr.s6_addr).into()
                }
                _ => return None,
            }
        };
        Some(address.to_string())
    })
}

fn first(found: Vec<String>) -> Result<String, String> {
    found.into_iter().next().ok_or_else(|| "no name".to_string())
}

fn resolve(name: &str, pick: fn(&libc::addrinfo) -> Option<String>) -> Result<Vec<String>, String> {
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
    let (mut found, mut next) = (Vec::new(), list);
    // SAFETY: each entry is null or a live one of the list.
    while let Some(entry) = unsafe { next.as_ref() } {
        found.extend(pick(entry));
        next = entry.ai_next;
    }
    // SAFETY: the list came from getaddrinfo and is not used afterwards.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}
