//! Metrics for Prometheus: requests, durations, connections and the process.

use std::sync::OnceLock;
use std::time::Duration;

use eventcore::EventCore;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
/// Upper bounds of the histogram, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Methods with a label of their own; all others share the label `other`.
const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
/// Statuses with a label of their own. Any other is counted as 500.
const STATUSES: [u16; 19] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 429, 431, 503, 500];

/// All metrics of the daemon.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: Collector,
    /// By path and method, registered on first use. Looking a metric up by its labels costs more than
    /// counting.
    operations: Vec<OnceLock<OperationMetrics>>,
}

/// What the server counts at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gauges {
    pub(crate) requests_in_flight: usize,
    pub(crate) places_taken: usize,
    pub(crate) body_bytes: usize,
    pub(crate) response_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) streams: usize,
    pub(crate) streams_cut_off: usize,
    pub(crate) is_ready: bool,
}

/// The metrics of one method of one path.
struct OperationMetrics {
    labels: [Label; 2],
    duration: Histogram,
    requests: [OnceLock<Counter>; STATUSES.len()],
}

impl Metrics {
    /// Prepares metrics for the endpoints `0..paths`.
    pub(crate) fn new(paths: usize) -> Self {
        let builder = PrometheusBuilder::new();
        let matcher = Matcher::Full(DURATION.to_owned());
        // Fails only for an empty list of buckets.
        let builder =
            builder.set_buckets_for_metric(matcher, &BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        recorder.describe_counter(REQUESTS.into(), None, "Requests by response status.".into());
        recorder.describe_histogram(
            DURATION.into(),
            Some(Unit::Seconds),
            "Time from request to response.".into(),
        );
        let process = Collector::default();
        metrics::with_local_recorder(&recorder, || process.describe());
        // One more for unknown paths.
        let operations = (0..(paths + 1) * (METHODS.len() + 1)).map(|_| OnceLock::new()).collect();
        Self { handle: recorder.handle(), recorder, process, operations }
    }

    /// Counts a response. `endpoint` is the index and the template of the path, if it is known.
    pub(crate) fn count(
        &self,
        endpoint: Option<(usize, &str)>,
        method: &Method,
        status: StatusCode,
        duration: Duration,
    ) {
        let (index, route) = endpoint.map_or((0, "other"), |(index, path)| (index + 1, path));
        let kind = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        let Some(operation) = self.operations.get(index * (METHODS.len() + 1) + kind) else { return };
        let operation = operation.get_or_init(|| {
            let method = METHODS.get(kind).map_or("other", Method::as_str).to_owned();
            let labels = [Label::new("method", method), Label::new("route", route.to_owned())];
            let key = Key::from_parts(DURATION, labels.to_vec());
            let duration = self.recorder.register_histogram(&key, &METADATA);
            OperationMetrics { labels, duration, requests: Default::default() }
        });
        operation.duration.record(duration);
        let known = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        let Some(requests) = operation.requests.get(known) else { return };
        requests
            .get_or_init(|| {
                let mut labels = operation.labels.to_vec();
                labels.push(Label::new("status", STATUSES.get(known).unwrap_or(&500).to_string()));
                self.recorder.register_counter(&Key::from_parts(REQUESTS, labels), &METADATA)
            })
            .increment(1);
    }

    /// Merges recorded durations into the histograms. Without this, they pile up until the next scrape.
    pub(crate) fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// All metrics in the text format of Prometheus.
    pub(crate) fn render(&self, core: &EventCore, gauges: Gauges) -> String {
        self.set("http_requests_in_flight", "Requests in progress.", gauges.requests_in_flight);
        let what = "Requests that count against the limit of concurrent requests.";
        self.set("http_places_taken", what, gauges.places_taken);
        self.set("http_body_bytes_reserved", "Memory reserved for request bodies.", gauges.body_bytes);
        let what = "Memory of responses that clients have not read yet.";
        self.set("http_response_bytes_unsent", what, gauges.response_bytes);
        self.set("http_connections_open", "Open connections of clients.", gauges.connections);
        self.set("http_streams_open", "Open live streams.", gauges.streams);
        let what = "Live streams that were cut off because their clients did not read.";
        self.set("http_streams_cut_off", what, gauges.streams_cut_off);
        let what = "1 if the database can be reached and written and its schema is current, otherwise 0.";
        self.set("eventd_ready", what, usize::from(gauges.is_ready));
        let connections = core.db().connections();
        self.set("database_connections_open", "Open database connections.", connections.open);
        self.set("database_connections_idle", "Idle database connections.", connections.idle);
        metrics::with_local_recorder(&self.recorder, || self.process.collect());
        let version = Label::new("version", env!("CARGO_PKG_VERSION"));
        let key = Key::from_parts("eventd_build_info", vec![version]);
        self.recorder.register_gauge(&key, &METADATA).set(1);
        self.handle.render()
    }

    fn set(&self, name: &'static str, what: &'static str, value: usize) {
        self.recorder.describe_gauge(name.into(), None, what.into());
        // Far below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "counts of requests and connections stay exact")]
        self.recorder.register_gauge(&Key::from_static_name(name), &METADATA).set(value as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_method_and_status() {
        let metrics = Metrics::new(2);
        let event = Some((1, "/api/v1/events/{event}"));
        for status in [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND] {
            metrics.count(event, &Method::GET, status, Duration::from_millis(2));
        }
        metrics.count(None, &Method::TRACE, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = metrics.handle.render();
        let labels = "method=\"GET\",route=\"/api/v1/events/{event}\"";
        for line in [
            format!("http_requests_total{{{labels},status=\"200\"}} 2"),
            format!("http_requests_total{{{labels},status=\"404\"}} 1"),
            "http_requests_total{method=\"other\",route=\"other\",status=\"404\"} 1".to_owned(),
            format!("http_request_duration_seconds_bucket{{{labels},le=\"0.0025\"}} 3"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn alerts_use_metrics_that_exist() {
        let folder = std::env::temp_dir().join(format!("eventd-metrics-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let core = EventCore::open(&format!("sqlite://{}/events.db", folder.display())).await.unwrap();
        let metrics = Metrics::new(0);
        metrics.count(None, &Method::GET, StatusCode::OK, Duration::ZERO);
        let text = metrics.render(&core, Gauges::default());
        core.close().await;
        std::fs::remove_dir_all(&folder).unwrap();

        let alerts = include_str!("../../deploy/alerts.yaml");
        let words = alerts.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let prefixes = ["http_", "database_", "process_", "eventd_"];
        let is_metric = |word: &&str| prefixes.iter().any(|prefix| word.starts_with(prefix));
        let used: Vec<_> = words.filter(is_metric).collect();
        assert!(used.len() > 5, "{used:?}");
        for name in used {
            assert!(text.contains(name), "{name} is not in\n{text}");
        }
    }
}
