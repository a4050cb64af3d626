//! Lines for programs: one JSON object each.

use hotstuff_core::ReplicaId;
use serde::ser::{SerializeMap, Serializer};
use std::fmt::{self, Debug};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Time, level, target and replica first, and then the line's own fields.
pub(super) struct Json {
    /// Whose log it is: lines of several replicas come together.
    pub(super) replica: ReplicaId,
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let line = self.line(&timestamp, event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

impl Json {
    fn line(&self, timestamp: &str, event: &Event<'_>) -> serde_json::Result<String> {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut bytes);
        let mut map = serializer.serialize_map(None)?;
        let metadata = event.metadata();
        map.serialize_entry("timestamp", timestamp)?;
        map.serialize_entry("level", &metadata.level().as_str().to_lowercase())?;
        map.serialize_entry("target", metadata.target())?;
        map.serialize_entry("replica", &self.replica.0)?;
        let mut fields = Fields { map, result: Ok(()) };
        event.record(&mut fields);
        let Fields { map, result } = fields;
        result?;
        map.end()?;
        Ok(String::from_utf8(bytes).expect("a serializer of JSON writes UTF-8"))
    }
}

/// Fields on their way into a map.
struct Fields<M: SerializeMap> {
    map: M,
    result: Result<(), M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    fn entry(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(field.name(), value);
        }
    }
}

impl<M: SerializeMap> Visit for Fields<M> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.entry(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.entry(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.entry(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.entry(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.entry(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.entry(field, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_object_whatever_it_says() {
        let written = Written::default();
        let writer = written.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .event_format(Json { replica: ReplicaId(3) })
            .finish();
        tracing::subscriber::with_default(log, || {
            tracing::warn!(peer = %"r1\n\"", count = 7, below = -1, share = 0.5, is_it = true, none = None::<u64>, "two\nlines");
            tracing::info!(event.kind = "vote-refused", "next");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!(lines[0]["level"], "warn");
        assert_eq!(lines[0]["replica"], 3);
        assert_eq!(lines[0]["message"], "two\nlines");
        assert_eq!(lines[0]["peer"], "r1\n\"");
        assert_eq!((&lines[0]["count"], &lines[0]["below"]), (&7.into(), &(-1).into()));
        assert_eq!((&lines[0]["share"], &lines[0]["is_it"]), (&0.5.into(), &true.into()));
        assert!(lines[0].get("none").is_none());
        assert_eq!(lines[1]["event.kind"], "vote-refused");
        assert!(text.starts_with("{\"timestamp\":"), "{text}");
    }
}
