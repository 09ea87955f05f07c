//! Lines, expressions and checkpoint files from hostile hands. tests/it/reading_properties.rs does the same with bytes of its
//! own making, so that it runs with every `cargo test`.

use auditbox::event::Event;
use auditbox::interpret::Interpreter;
use auditbox::normalize::{Words, normalize, pieces};
use auditbox::query::checkpoint::Checkpoint;
use auditbox::query::expression::Expression;
use auditbox::query::extract::{EventFields, FieldSet, extract};
use auditbox::record::Record;
use auditbox::text::Escape;
use auditbox::trail::{Feed, Trail};

/// Any bytes as a log: whole and in pieces they are the same events, and everything can be read out of them.
pub(crate) fn log(data: &[u8]) {
    let mut whole = Trail::buffer(data);
    let mut events = Vec::new();
    let mut interpreter = Interpreter::new((), None, Escape::Tty);
    while let Ok(Some(event)) = whole.next_event() {
        look_at(&event);
        tell(&event, &mut interpreter);
        events.push((event.id(), event.len()));
    }
    let mut pieces = Vec::new();
    let mut feed = Feed::new(2);
    let mut each = |event: &Event| pieces.push((event.id(), event.len()));
    for piece in data.chunks(7) {
        feed.push(piece, &mut each);
    }
    feed.push(b"\n", &mut each);
    feed.flush(&mut each);
    assert_eq!(events, pieces);
}

fn look_at(event: &Event) {
    for record in event.records() {
        let again = Record::parse(record.line).expect("what was a record is one");
        assert_eq!((again.id, again.record_type, again.node), (record.id, record.record_type, event.node()));
        assert!(record.fields().all(|field| !field.name.contains(&b' ')));
    }
    let all =
        [FieldSet::PID, FieldSet::UID, FieldSet::FILE, FieldSet::HOST, FieldSet::KEY, FieldSet::EXE, FieldSet::SUCCESS];
    let mut items = EventFields::default();
    for wanted in all {
        let _ = extract(event, wanted, &mut items);
    }
}

/// What is told of an event stands in its records and is put into words of the terminal.
fn tell(event: &Event, interpreter: &mut Interpreter<'_>) {
    for piece in pieces(event) {
        let mut words = Words::new(&piece, interpreter);
        let Ok(told) = normalize(&piece, &mut words, true) else { continue };
        let named = [told.subject.primary, told.object.primary, told.object.second, told.result, told.key];
        let places = named.into_iter().flatten().chain(told.subject.attributes).chain(told.object.attributes);
        for place in places {
            assert!(words.field(place).is_some());
            words.push_object_in_brief(place, &mut Vec::new());
        }
        told.action.into_iter().chain(told.how).for_each(|source| words.push_text(source, &mut Vec::new()));
    }
}

/// Any bytes as an expression, put to a record.
pub(crate) fn expression(data: &[u8]) {
    const LINE: &[u8] =
        b"type=SYSCALL msg=audit(1700000000.123:45): arch=c000003e success=no auid=1000 uid=0 key=6B31016B32";
    let Ok(expression) = Expression::parse(data) else { return };
    let mut interpreter = Interpreter::new((), None, Escape::Tty);
    expression.holds(&Record::parse(LINE).expect("it is sound"), &mut interpreter);
}

/// Any bytes as a checkpoint file: what is read and written is read as the same.
pub(crate) fn checkpoint(data: &[u8]) {
    let Ok(read) = Checkpoint::parse(data) else { return };
    assert_eq!(Checkpoint::parse(&read.print()), Ok(read));
}
