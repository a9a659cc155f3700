//! Remembers what is traced and logged.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::pin::pin;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};
use tracing_subscriber::util::SubscriberInitExt;

/// Everything that this thread traces and logs, at every level.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Store>);

#[derive(Default)]
struct Store {
    recorded: Mutex<Recorded>,
    /// Tells of each event.
    logged: Notify,
}

#[derive(Default)]
struct Recorded {
    spans: Vec<RecordedSpan>,
    events: Vec<RecordedEvent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RecordedSpan {
    pub(super) name: &'static str,
    pub(super) fields: Fields,
    pub(super) closed: bool,
}

pub(super) type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
pub(super) struct RecordedEvent {
    pub(super) fields: Fields,
    /// The names of the spans it is in, the outermost first.
    pub(super) spans: Vec<&'static str>,
}

/// Where a span is in the list.
struct Position(usize);

/// Somebody hears every thread: as long as there is one recorder only, the first thread that comes by decides for the
/// whole process whether a place in the code is recorded at all, and it may be one that has no recorder.
static OTHER_THREADS: Once = Once::new();

impl Recorder {
    /// Records this thread until the guard is dropped.
    pub(super) fn start() -> (Self, DefaultGuard) {
        OTHER_THREADS.call_once(|| Registry::default().init());
        let recorder = Self::default();
        let guard = Registry::default().with(recorder.clone()).set_default();
        (recorder, guard)
    }

    pub(super) fn spans(&self) -> Vec<RecordedSpan> {
        self.0.recorded.lock().unwrap().spans.clone()
    }

    pub(super) fn events(&self) -> Vec<RecordedEvent> {
        self.0.recorded.lock().unwrap().events.clone()
    }

    /// Waits until an event has a field with this value.
    pub(super) async fn hears(&self, value: &str) {
        let has_it = |event: &RecordedEvent| event.fields.values().any(|field| field == value);
        let waiting = async {
            loop {
                let mut logged = pin!(self.0.logged.notified());
                logged.as_mut().enable();
                if self.events().iter().any(has_it) {
                    return;
                }
                logged.await;
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(heard.is_ok(), "nothing logs {value}: {}", self.text());
    }

    /// All of it, as text.
    pub(super) fn text(&self) -> String {
        let recorded = self.0.recorded.lock().unwrap();
        let mut text = String::new();
        recorded.spans.iter().for_each(|span| writeln!(text, "{span:?}").unwrap());
        recorded.events.iter().for_each(|event| writeln!(text, "{event:?}").unwrap());
        text
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut recorded = self.0.recorded.lock().unwrap();
        let mut fields = Visitor::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(Position(recorded.spans.len()));
        let name = attributes.metadata().name();
        recorded.spans.push(RecordedSpan { name, fields: fields.0, closed: false });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Visitor::default();
        values.record(&mut fields);
        let at = context.span(id).unwrap().extensions().get::<Position>().unwrap().0;
        self.0.recorded.lock().unwrap().spans[at].fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Visitor::default();
        event.record(&mut fields);
        let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
        let spans = spans.map(|span| span.name()).collect();
        self.0.recorded.lock().unwrap().events.push(RecordedEvent { fields: fields.0, spans });
        self.0.logged.notify_waiters();
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let at = context.span(&id).unwrap().extensions().get::<Position>().unwrap().0;
        self.0.recorded.lock().unwrap().spans[at].closed = true;
    }
}

#[derive(Default)]
struct Visitor(Fields);

impl Visit for Visitor {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
