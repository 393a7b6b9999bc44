//! The events that the library logs, kept for a test to look at.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Level, Metadata, Subscriber};

/// One event of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// How important it is.
    pub level: Level,
    /// Its message.
    pub message: String,
    /// The other fields, as text.
    pub fields: Vec<(&'static str, String)>,
}

impl Logged {
    /// Returns a field as text.
    pub fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| *field == name);
        field.map(|(_, value)| value.as_str())
    }
}

/// The events of the library that this thread logs while this lives, at every level.
#[derive(Debug)]
pub struct Events {
    logged: Arc<Mutex<Vec<Logged>>>,
    _subscribed: DefaultGuard,
}

impl Events {
    /// Begins to keep what is logged.
    pub fn keep() -> Events {
        let logged = Arc::default();
        let keeper = Keeper(Arc::clone(&logged));
        Events {
            logged,
            _subscribed: tracing::subscriber::set_default(keeper),
        }
    }

    /// Returns what was logged so far.
    pub fn all(&self) -> Vec<Logged> {
        self.logged.lock().unwrap().clone()
    }

    /// Forgets what was logged so far.
    pub fn clear(&self) {
        self.logged.lock().unwrap().clear();
    }

    /// Returns the one event with this message.
    ///
    /// # Panics
    ///
    /// When there is none, or another one.
    #[track_caller]
    pub fn one(&self, message: &str) -> Logged {
        let mut found = self.with(message);
        assert_eq!(found.len(), 1, "{message}: {:#?}", self.all());
        found.remove(0)
    }

    /// Returns the events with this message.
    pub fn with(&self, message: &str) -> Vec<Logged> {
        let all = self.all().into_iter();
        all.filter(|event| event.message == message).collect()
    }
}

struct Keeper(Arc<Mutex<Vec<Logged>>>);

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_span() && metadata.target().starts_with("spigot::")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut logged = Logged {
            level: *event.metadata().level(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut Fields(&mut logged));
        self.0.lock().unwrap().push(logged);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields<'l>(&'l mut Logged);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.0.message = value,
            name => self.0.fields.push((name, value)),
        }
    }
}
