//! Figures for Prometheus: what was asked, how it was answered, how long it took, and how the process fares.

use std::sync::OnceLock;
use std::time::Duration;

use eventcore::EventCore;
use eventcore::db::Schema;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::openapi::Address;

const ANSWERS: &str = "http_requests_total";
const SECONDS: &str = "http_request_duration_seconds";
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Methods that are told apart; all others are one.
const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
/// Statuses that the server answers; were there others, they would be counted as the last.
const STATUSES: [u16; 17] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 429, 503, 500];

/// All figures.
pub(crate) struct Meters {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// By address and method, made when first needed: to look a figure up by its labels would cost more than to count it.
    operations: Vec<OnceLock<Operation>>,
}

/// The figures of one method of one address.
struct Operation {
    labels: [Label; 2],
    seconds: Histogram,
    answers: [OnceLock<Counter>; STATUSES.len()],
}

impl Meters {
    pub(crate) fn new(addresses: usize) -> Self {
        let builder = PrometheusBuilder::new();
        let matcher = Matcher::Full(SECONDS.to_owned());
        // The one error is that there are no buckets.
        let builder =
            builder.set_buckets_for_metric(matcher, &BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        recorder.describe_counter(ANSWERS.into(), None, "Requests by their answer.".into());
        recorder.describe_histogram(
            SECONDS.into(),
            Some(Unit::Seconds),
            "Time from request to answer.".into(),
        );
        // One more for what has no address.
        let operations = (0..(addresses + 1) * (METHODS.len() + 1)).map(|_| OnceLock::new()).collect();
        Self { handle: recorder.handle(), recorder, operations }
    }

    /// Counts an answer.
    pub(crate) fn count(
        &self,
        address: Option<&Address>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let (index, route) = address.map_or((0, "other"), |address| (address.index + 1, &address.path));
        let kind = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        let Some(place) = self.operations.get(index * (METHODS.len() + 1) + kind) else { return };
        let operation = place.get_or_init(|| {
            let method = METHODS.get(kind).map_or("other", Method::as_str).to_owned();
            let labels = [Label::new("method", method), Label::new("route", route.to_owned())];
            let key = Key::from_parts(SECONDS, labels.to_vec());
            let seconds = self.recorder.register_histogram(&key, &METADATA);
            Operation { labels, seconds, answers: Default::default() }
        });
        operation.seconds.record(took);
        let known = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        let Some(answer) = operation.answers.get(known) else { return };
        answer
            .get_or_init(|| {
                let mut labels = operation.labels.to_vec();
                labels.push(Label::new("status", STATUSES.get(known).unwrap_or(&500).to_string()));
                self.recorder.register_counter(&Key::from_parts(ANSWERS, labels), &METADATA)
            })
            .increment(1);
    }

    /// Sums up what was recorded, which otherwise piles up until somebody asks.
    pub(crate) fn tidy(&self) {
        self.handle.run_upkeep();
    }

    /// All figures as Prometheus reads them.
    pub(crate) async fn render(&self, core: &EventCore, in_flight: usize) -> String {
        self.set("http_requests_in_flight", "Requests that are being served.", in_flight);
        let ready = matches!(core.schema().await, Ok(Schema::Current));
        self.set(
            "eventd_ready",
            "1 where the database answers and has the schema of this program.",
            usize::from(ready),
        );
        let connections = core.db().connections();
        self.set("database_connections_open", "Connections to the database.", connections.open);
        self.set(
            "database_connections_idle",
            "Connections to the database that nobody uses.",
            connections.idle,
        );
        self.set_process();
        let version = Label::new("version", env!("CARGO_PKG_VERSION"));
        let key = Key::from_parts("eventd_build_info", vec![version]);
        self.recorder.register_gauge(&key, &METADATA).set(1);
        self.handle.render()
    }

    fn set(&self, name: &'static str, what: &'static str, value: usize) {
        self.recorder.describe_gauge(name.into(), None, what.into());
        // Far below 2^53.
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of requests, connections and bytes stay exact"
        )]
        self.recorder.register_gauge(&Key::from_static_name(name), &METADATA).set(value as f64);
    }

    /// What Linux tells of a process, under the names that Prometheus gives them everywhere.
    fn set_process(&self) {
        if let Some(kib) =
            std::fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status))
        {
            self.set("process_resident_memory_bytes", "Memory that is in use.", kib * 1024);
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            self.set("process_open_fds", "File descriptors that are open.", open.count());
        }
        if let Some(most) =
            std::fs::read_to_string("/proc/self/limits").ok().and_then(|limits| most_files(&limits))
        {
            self.set("process_max_fds", "File descriptors that may be open.", most);
        }
    }
}

/// KiB of resident memory, from proc(5)'s `status`.
fn resident(status: &str) -> Option<usize> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

/// The soft limit of open files, from proc(5)'s `limits`.
fn most_files(limits: &str) -> Option<usize> {
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi;

    #[test]
    fn answers_are_counted_by_route_method_and_status() {
        let meters = Meters::new(openapi::addresses().len());
        let event = openapi::address("/api/v1/events/0198");
        for status in [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND] {
            meters.count(event, &Method::GET, status, Duration::from_millis(2));
        }
        meters.count(None, &Method::TRACE, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = meters.handle.render();
        for line in [
            "http_requests_total{method=\"GET\",route=\"/api/v1/events/{event}\",status=\"200\"} 2",
            "http_requests_total{method=\"GET\",route=\"/api/v1/events/{event}\",status=\"404\"} 1",
            "http_requests_total{method=\"other\",route=\"other\",status=\"404\"} 1",
            "http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/v1/events/{event}\",le=\"0.0025\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn alerts_name_figures_that_exist() {
        let folder = std::env::temp_dir().join(format!("eventd-meters-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let core = EventCore::open(&format!("sqlite://{}/events.db", folder.display())).await.unwrap();
        let meters = Meters::new(0);
        meters.count(None, &Method::GET, StatusCode::OK, Duration::ZERO);
        let figures = meters.render(&core, 0).await;
        core.close().await;
        std::fs::remove_dir_all(&folder).unwrap();

        let alerts = include_str!("../../deploy/alerts.yaml");
        let words = alerts.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let ours = ["http_", "database_", "process_", "eventd_"];
        let named: Vec<_> = words.filter(|word| ours.iter().any(|prefix| word.starts_with(prefix))).collect();
        assert!(named.len() > 5, "{named:?}");
        for name in named {
            assert!(figures.contains(name), "{name} is not in\n{figures}");
        }
    }

    #[test]
    fn proc_is_understood() {
        assert_eq!(resident("Name:\teventd\nVmRSS:\t   20480 kB\nThreads:\t3\n"), Some(20_480));
        assert_eq!(
            most_files(
                "Max processes  1  2  processes\nMax open files            1024                 4096  files\n"
            ),
            Some(1024)
        );
        assert_eq!(
            most_files("Max open files            unlimited            unlimited            files"),
            None
        );
    }
}
