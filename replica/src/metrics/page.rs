//! Metrics in Prometheus' text format, one family after the other.

use super::Histogram;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes metrics. Counters' names get their `_total` here.
pub struct Page<'a>(DescriptorEncoder<'a>);

/// Labels' names and values.
pub type Labels = Vec<(&'static str, String)>;

impl<'a> Page<'a> {
    /// Writes to `encoder`.
    #[must_use]
    pub fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A value that rises and falls.
    ///
    /// # Errors
    /// As writing has.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// Such values, told apart by labels.
    ///
    /// # Errors
    /// As writing has.
    pub fn gauges(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// A count since the start.
    ///
    /// # Errors
    /// As writing has.
    pub fn counter(&mut self, name: &str, help: &str, value: &AtomicU64) -> fmt::Result {
        self.counters(name, help, [(Labels::new(), value.load(Ordering::Relaxed))])
    }

    /// Such counts, told apart by labels.
    ///
    /// # Errors
    /// As writing has.
    pub fn counters(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    /// How values are spread.
    ///
    /// # Errors
    /// As writing has.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let reading = histogram.reading();
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        metric.encode_histogram::<NoLabelSet>(reading.sum, reading.count, &reading.buckets, None)
    }
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}
