//! What anybody on the network can send to an end of a TLS connection, at each of its states. tests/it/tls_properties.rs does the
//! same with bytes of its own making, so that it runs with every `cargo test --features tls`.

use auditbox::tls::{Client, Psk, Seed, Server, Suite, TlsError};
use std::sync::Arc;

/// The longest output of an end that is given nothing honest to answer: its flight of the handshake and an alert.
const LONGEST: usize = 512;

fn key() -> Psk {
    Psk::parse(&[b'5'; 64]).expect("a key")
}

fn seed(byte: u8) -> Seed {
    Seed::new(&mut [byte; Seed::SIZE])
}

fn find(identity: &[u8]) -> Option<Arc<Psk>> {
    (identity == b"web-01").then(|| Arc::new(key()))
}

/// What has come of some bytes: the error, the data, what was answered, and whether the connection is open.
type Outcome = (Result<(), TlsError>, Vec<u8>, Vec<u8>, bool);

/// An end in one of five states: a client that has said hello, and one that has received the server's flight; a server that knows
/// nothing, one that has answered a hello, and one whose client has proven itself.
enum End {
    Client(Client),
    Server(Server),
}

impl End {
    fn new(state: u8) -> End {
        let (mut client, mut server) =
            (Client::new(b"web-01", &key(), &Suite::ALL, seed(3)), Server::new(&Suite::ALL, seed(4)));
        let flights = [0, 1, 0, 1, 2][usize::from(state % 5)];
        for _ in 0..flights {
            let flight = std::mem::take(client.connection.output());
            server.receive(&flight, &mut find, &mut Vec::new()).expect("an honest client");
            if state % 5 > 2 && flights == 1 {
                break;
            }
            let flight = std::mem::take(server.connection.output());
            client.receive(&flight, &mut Vec::new()).expect("an honest server");
        }
        client.connection.output().clear();
        server.connection.output().clear();
        if state % 5 < 2 { End::Client(client) } else { End::Server(server) }
    }

    fn receive(&mut self, bytes: &[u8], size: usize) -> Outcome {
        let mut plain = Vec::new();
        let mut result = Ok(());
        for piece in bytes.chunks(size) {
            result = match self {
                End::Client(client) => client.receive(piece, &mut plain),
                End::Server(server) => server.receive(piece, &mut find, &mut plain),
            };
        }
        let connection = match self {
            End::Client(client) => &mut client.connection,
            End::Server(server) => &mut server.connection,
        };
        (result, plain, connection.output().clone(), connection.is_open())
    }
}

/// The first byte says in which state the end is, the second how large the pieces are in which the others come: what comes of them is
/// the same as if they came at once, nothing that was not protected is taken for data, and the answers are bounded.
pub(crate) fn end(data: &[u8]) {
    let [state, size, bytes @ ..] = data else { return };
    let whole = End::new(*state).receive(bytes, usize::MAX);
    let pieces = End::new(*state).receive(bytes, usize::from(*size) + 1);
    assert_eq!(whole, pieces);
    assert!(whole.1.is_empty(), "nobody has the keys");
    assert!(whole.2.len() < LONGEST);
    let was_open = matches!(state % 5, 1 | 4);
    assert!(was_open || !whole.3, "nobody has the keys");
}
