//! Whether figures grow, however noisy they are: the median of the slopes between all pairs (Theil and Sen), and how sure it is.

use serde_json::{Value, json};

/// A straight line through points, by medians alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Of the values.
    pub median: f64,
    /// Growth a step, and between what bounds it lies in 95 of 100 cases.
    pub slope: f64,
    pub least: f64,
    pub most: f64,
}

/// Of fewer points nothing can be said.
const FEWEST: usize = 8;

impl Trend {
    /// Of points in the order of their places, if there are enough.
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < FEWEST {
            return None;
        }
        let pairs = points.iter().enumerate().flat_map(|(index, one)| points[index + 1..].iter().map(move |other| (one, other)));
        let slopes = sorted(pairs.map(|(one, other)| (other.1 - one.1) / (other.0 - one.0)));
        let (number, count) = (slopes.len() as f64, points.len() as f64);
        // Kendall's: how far the number of growing pairs strays from half of all if there is no trend.
        let stray = 1.96 * (count * (count - 1.0) * (2.0 * count + 5.0) / 18.0).sqrt();
        let at = |place: f64| slopes.get(place.clamp(0.0, number - 1.0) as usize).copied();
        Some(Self {
            median: median(points.iter().map(|(_, value)| *value))?,
            slope: median(slopes.iter().copied())?,
            least: at(((number - stray) / 2.0).floor())?,
            most: at(((number + stray) / 2.0).ceil())?,
        })
    }

    /// Growth in so many steps, as a share of the median: the likely one, the least, the most.
    pub fn shares(&self, steps: f64) -> [f64; 3] {
        [self.slope, self.least, self.most].map(|slope| slope * steps / self.median)
    }

    /// Whether it may as well be none.
    pub fn is_none(&self) -> bool {
        self.least <= 0.0 && self.most >= 0.0
    }

    /// For a file.
    pub fn facts(&self, steps: f64) -> Value {
        let [share, least, most] = self.shares(steps);
        json!({ "median": self.median, "share": share, "least": least, "most": most, "none": self.is_none() })
    }

    /// For a person.
    pub fn in_words(&self, steps: f64) -> String {
        let [share, least, most] = self.shares(steps).map(|share| 100.0 * share);
        let verdict = match self {
            _ if self.is_none() => "no trend",
            Self { slope, .. } if *slope > 0.0 => "it grows",
            _ => "it shrinks",
        };
        format!("{share:+.2} % per {steps} jobs (95 %: {least:+.2} to {most:+.2}): {verdict}")
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values = sorted(values);
    let last = values.len().checked_sub(1)?;
    Some((values[last / 2] + values[last.div_ceil(2)]) / 2.0)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred places, each 1,000 behind the one before.
    fn points(value: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..100).map(|place| f64::from(place) * 1000.0).map(|place| (place, value(place))).collect()
    }

    /// Without a pattern that a line could follow, between -0.5 and 0.5.
    fn noise(place: f64) -> f64 {
        (place / 1000.0 * 0.618_033_988_75).fract() - 0.5
    }

    #[test]
    fn a_line_is_found_whatever_single_values_are() {
        let trend = Trend::of(&points(|place| if place == 50_000.0 { 1e9 } else { 300.0 + place / 1000.0 })).unwrap();
        assert!((trend.slope - 0.001).abs() < 1e-9 && !trend.is_none(), "{trend:?}");
        assert!((trend.shares(10_000.0)[0] - 10.0 / trend.median).abs() < 1e-6);
    }

    #[test]
    fn noise_is_no_trend_and_a_trend_in_noise_is_one() {
        assert!(Trend::of(&points(|place| 400.0 + 10.0 * noise(place))).unwrap().is_none());
        // A tenth of the noise from one place to the next.
        let grows = Trend::of(&points(|place| 400.0 + 10.0 * noise(place) + place / 10_000.0)).unwrap();
        assert!(grows.slope > 0.0 && !grows.is_none(), "{grows:?}");
        assert!(grows.least < 1e-4 && grows.most > 1e-4, "{grows:?}");
    }

    #[test]
    fn of_too_few_there_is_none() {
        assert_eq!((Trend::of(&[]), Trend::of(&points(|place| place)[..FEWEST - 1])), (None, None));
        assert_eq!(median([3.0, 1.0, 2.0, 10.0].into_iter()), Some(2.5));
    }
}
