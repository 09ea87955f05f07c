use auditbox::host::names::{self, Host};
use auditbox::interpret::socket_address::SocketAddress;
use auditbox::interpret::{Interpreter, RecordContext};
use auditbox::text::Escape;
use auditbox::trail::Trail;

/// Who connected where, and the keys of the rules that saw it.
pub(crate) fn connections(mut trail: Trail) -> std::io::Result<Vec<String>> {
    let (host, mut found) = (Host::open(), Vec::new());
    let mut interpreter = Interpreter::new(&host, names::machine(), Escape::Tty);
    while let Some(event) = trail.next_event()? {
        let mut who = Vec::new();
        for record in event.records() {
            for field in record.fields().filter(|field| field.name == b"auid") {
                interpreter.value(record.record_type, field, &RecordContext::of(&record), &mut who);
            }
            let address = record.field(b"saddr").and_then(|value| SocketAddress::parse(value, names::machine()));
            if let Some(SocketAddress::Internet { address, port }) = address {
                let (who, keys) = (String::from_utf8_lossy(&who), event.keys().join(&b", "[..]));
                found.push(format!("{who} to {address} port {port}: {}", String::from_utf8_lossy(&keys)));
            }
        }
    }
    Ok(found)
}
