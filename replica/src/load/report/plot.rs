//! Plots as SVG: lines over two axes, coloured by the page's style.

use super::markup::escape;
use std::fmt::Write;

/// The drawing, in units that are about a pixel on a narrow screen.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 46.0;
/// Colours of the style; more lines than these are dashed.
const COLOURS: usize = 8;
/// With more points than these a line has no dots.
const DOTS_MAX: usize = 40;
/// About how many steps an axis has.
const STEPS: f64 = 5.0;

/// How numbers lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Evenly, from 0 or below.
    Linear,
    /// Each ten times the one before at the same distance.
    Log,
    /// Shares below 1: each half of what is left to 1 at the same distance.
    Nines,
}

/// One axis.
pub(super) struct Axis {
    pub name: &'static str,
    pub scale: Scale,
}

/// One line.
pub(super) struct Line {
    pub name: String,
    /// Ascending, and broken where there is no second number.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Lines over two axes.
pub(super) struct Plot {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
    /// What does not lie between these on the first axis is shaded.
    pub bright: Option<(f64, f64)>,
}

impl Plot {
    /// The plot with its title and what its lines are.
    pub(super) fn figure(&self) -> String {
        let mut html = format!("<figure><figcaption>{}</figcaption>{}", escape(&self.title), self.svg());
        if self.lines.len() > 1 {
            html += "<ul class=\"key\">";
            for (index, line) in self.lines.iter().enumerate() {
                let _ = write!(
                    html,
                    "<li><svg aria-hidden=\"true\" class=\"swatch\" viewBox=\"0 0 28 8\">\
                     <path d=\"M1 4H27\" {style}/></svg>{name}</li>",
                    style = style(index),
                    name = escape(&line.name)
                );
            }
            html += "</ul>";
        }
        html + "</figure>\n"
    }

    fn svg(&self) -> String {
        let numbers = |of: fn(&(f64, Option<f64>)) -> Option<f64>| {
            self.lines.iter().flat_map(|line| line.points.iter().filter_map(of)).collect::<Vec<_>>()
        };
        let x = Span::of(self.x.scale, &numbers(|(x, y)| y.map(|_| *x)));
        let y = Span::of(self.y.scale, &numbers(|(_, y)| *y));
        let left = |value: f64| LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
        let top = |value: f64| HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM);
        let label = format!("{}: {} over {}", self.title, self.y.name, self.x.name);
        let mut svg =
            format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">", escape(&label));
        if let Some((from, to)) = self.bright {
            for (from, to) in [(x.from, from), (to, x.to)].map(|(from, to)| (left(from), left(to))) {
                let (width, height) = ((to - from).max(0.0), HEIGHT - TOP - BOTTOM);
                let _ = write!(
                    svg,
                    "<rect class=\"shade\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>"
                );
            }
        }
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for (value, name) in y.ticks() {
            let at = top(value);
            let _ = write!(
                svg,
                "<path d=\"M{LEFT} {at:.1}H{right}\"/><text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
                LEFT - 6.0,
                at + 4.0
            );
        }
        for (value, name) in x.ticks() {
            let (at, below) = (left(value), bottom + 17.0);
            let _ = write!(
                svg,
                "<path d=\"M{at:.1} {TOP}V{bottom}\"/><text class=\"x\" x=\"{at:.1}\" y=\"{below}\">{name}</text>"
            );
        }
        let (middle, lowest) = ((LEFT + right) / 2.0, HEIGHT - 8.0);
        let _ = write!(
            svg,
            "<text class=\"x name\" x=\"{middle}\" y=\"{lowest}\">{}</text>\
             <text class=\"x name\" transform=\"translate(12 {:.1}) rotate(-90)\">{}</text>",
            escape(self.x.name),
            (TOP + bottom) / 2.0,
            escape(self.y.name)
        );
        // What is drawn from a histogram has more steps than anyone would point at.
        let has_dots = self.x.scale != Scale::Nines;
        for (index, line) in self.lines.iter().enumerate() {
            svg += &line.svg(index, has_dots, &left, &top);
        }
        svg + "</svg>"
    }
}

impl Line {
    fn svg(
        &self,
        index: usize,
        has_dots: bool,
        left: &dyn Fn(f64) -> f64,
        top: &dyn Fn(f64) -> f64,
    ) -> String {
        let (mut path, mut is_begun, mut dots) = (String::new(), false, String::new());
        let points = self.points.len();
        for (x, y) in &self.points {
            let Some(y) = y else {
                is_begun = false;
                continue;
            };
            let (at_x, at_y) = (left(*x), top(*y));
            let _ = write!(path, "{}{at_x:.1} {at_y:.1}", if is_begun { 'L' } else { 'M' });
            is_begun = true;
            if has_dots && points <= DOTS_MAX {
                let told = escape(&format!("{}: {}, {}", self.name, short(*x), short(*y)));
                let class = index % COLOURS;
                let _ = write!(
                    dots,
                    "<circle class=\"d{class}\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"2.5\"><title>{told}</title></circle>"
                );
            }
        }
        if path.is_empty() {
            path = format!("M{LEFT} {TOP}");
        }
        format!("<path d=\"{path}\" {}/>{dots}", style(index))
    }
}

/// How the line of that number is drawn.
fn style(index: usize) -> String {
    let dashes = match index / COLOURS {
        0 => "",
        1 => " stroke-dasharray=\"6 4\"",
        _ => " stroke-dasharray=\"2 3\"",
    };
    format!("class=\"s{}\"{dashes}", index % COLOURS)
}

/// What an axis reaches over.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    scale: Scale,
    from: f64,
    to: f64,
}

impl Span {
    /// One that all of `numbers` lie in.
    fn of(scale: Scale, numbers: &[f64]) -> Self {
        let least = numbers.iter().copied().reduce(f64::min).unwrap_or(1.0);
        let most = numbers.iter().copied().reduce(f64::max).unwrap_or(1.0);
        let (from, to) = match scale {
            Scale::Linear => {
                let step = step(most.max(0.0) - least.min(0.0));
                ((least.min(0.0) / step).floor() * step, ((most / step).ceil() * step).max(step))
            }
            Scale::Log => {
                let (from, to) = (decade(least.max(1e-3), f64::floor), decade(most.max(1e-3), f64::ceil));
                (from, if to > from { to } else { from * 10.0 })
            }
            Scale::Nines => (0.0, most.clamp(0.99, 0.999_999)),
        };
        Self { scale, from, to }
    }

    /// Where a number lies, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let place = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(1e-9).log10(),
            Scale::Nines => -(1.0 - value.min(0.999_999)).log10(),
        };
        let (from, to) = (place(self.from), place(self.to));
        ((place(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// Numbers that are named, and how.
    fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => {
                let step = step(self.to - self.from);
                let count = ((self.to - self.from) / step).round() as i32;
                (0..=count)
                    .map(|index| self.from + f64::from(index) * step)
                    .map(|at| (at, short(at)))
                    .collect()
            }
            Scale::Log => {
                let (least, most) = (self.from.log10().round() as i32, self.to.log10().round() as i32);
                let between: &[f64] = if most - least <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                let at = |exponent: i32| between.iter().map(move |one| one * 10f64.powi(exponent));
                let ticks = (least..=most).flat_map(at).filter(|at| *at <= self.to * 1.001);
                ticks.map(|at| (at, short(at))).collect()
            }
            Scale::Nines => [0.5, 0.9, 0.99, 0.999, 0.999_9, 0.999_99]
                .into_iter()
                .filter(|share| *share <= self.to + 1e-9)
                .map(|share| (share, format!("{}%", (share * 1e7).round() / 1e5)))
                .collect(),
        }
    }
}

/// A power of ten beside a number.
fn decade(number: f64, round: fn(f64) -> f64) -> f64 {
    10f64.powi(round(number.log10()) as i32)
}

/// A step of 1, 2 or 5 of some power of ten, of which there are about [`STEPS`] in `span`.
fn step(span: f64) -> f64 {
    let rough = if span > 0.0 { span / STEPS } else { 1.0 };
    let power = decade(rough, f64::floor);
    let digits = [1.0, 2.0, 5.0, 10.0].into_iter().find(|digit| digit * power >= rough * 0.999);
    digits.unwrap_or(10.0) * power
}

/// A number in a few characters.
fn short(number: f64) -> String {
    let of = |divisor: f64, unit: &str| format!("{}{unit}", (number / divisor * 100.0).round() / 100.0);
    match number.abs() {
        1e6.. => of(1e6, "M"),
        1e4.. => of(1e3, "k"),
        0.01.. => of(1.0, ""),
        _ => format!("{}", (number * 1e5).round() / 1e5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scale: Scale, numbers: &[f64]) -> Vec<String> {
        Span::of(scale, numbers).ticks().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn axes_have_round_numbers_and_hold_all_that_is_shown() {
        assert_eq!(names(Scale::Linear, &[3.0, 94.0]), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(names(Scale::Linear, &[-2.0, 9.0]), ["-5", "0", "5", "10"]);
        assert_eq!(names(Scale::Log, &[0.7, 45.0]), ["0.1", "1", "10", "100"]);
        assert_eq!(names(Scale::Log, &[12.0, 45.0]), ["10", "20", "50", "100"]);
        assert_eq!(names(Scale::Nines, &[0.0, 0.999]), ["50%", "90%", "99%", "99.9%"]);
        assert_eq!(names(Scale::Linear, &[]).len(), 6);
        for (scale, numbers) in [
            (Scale::Linear, [-7.0, 0.0, 123_456.0]),
            (Scale::Log, [0.002, 1.0, 99_999.0]),
            (Scale::Nines, [0.0, 0.5, 1.0]),
        ] {
            let span = Span::of(scale, &numbers);
            let places = numbers.map(|number| span.share(number));
            assert!(places.is_sorted() && places[0] >= 0.0 && places[2] <= 1.0, "{scale:?} {places:?}");
            assert!(places[0] < places[1] && places[1] < places[2], "{scale:?} {places:?}");
        }
    }

    #[test]
    fn a_line_is_broken_where_a_number_is_missing() {
        let points = vec![(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(3.0))];
        let line = Line { name: "a & b".to_owned(), points };
        let svg = line.svg(9, true, &|x| x, &|y| y);
        assert!(
            svg.starts_with("<path d=\"M0.0 1.0L1.0 2.0M3.0 3.0\" class=\"s1\" stroke-dasharray"),
            "{svg}"
        );
        assert_eq!(svg.matches("<title>a &amp; b: ").count(), 3);
    }
}
