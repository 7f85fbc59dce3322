//! What plots are drawn with: scales, and shapes as SVG that takes its colours from the page.
//!
//! A crate for charts would write its colours into every shape, so that the page had no dark half,
//! and measure letters by a font that the reader's browser does not have.

use std::fmt::Write as _;

use crate::escape;

/// Makes words such that they are shown and never obeyed, wherever they stand in markup.
pub(super) fn escaped(words: &str) -> String {
    quick_xml::escape::escape(escape::line(words)).into_owned()
}

/// A picture that is being drawn, in pixels from its upper left corner.
pub(super) struct Drawing {
    text: String,
}

/// Where the text stands from its place on.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    /// Begins a picture of this size, with what is told to who cannot see it.
    pub(super) fn new(width: f64, height: f64, told: &str) -> Self {
        let told = escaped(told);
        Self {
            text: format!(
                "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{told}\">\n"
            ),
        }
    }

    /// Returns what was drawn.
    pub(super) fn into_svg(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// Draws a line from one point to another.
    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// Draws a line through points.
    pub(super) fn lines(&mut self, class: &str, points: &[(f64, f64)]) {
        self.points("polyline", class, points);
    }

    /// Fills what lies between points.
    pub(super) fn area(&mut self, class: &str, points: &[(f64, f64)]) {
        self.points("polygon", class, points);
    }

    fn points(&mut self, element: &str, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let points = points.join(" ");
        let _ = writeln!(
            self.text,
            "<{element} class=\"{class}\" points=\"{points}\"/>"
        );
    }

    /// Draws a box from its upper left to its lower right corner.
    pub(super) fn bar(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (width, height) = ((x2 - x1).max(0.0), (y2 - y1).max(0.0));
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{x1:.1}\" y=\"{y1:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        );
    }

    /// Marks a value: a point, or where it is a lower bound an empty arrow head towards more.
    pub(super) fn mark(&mut self, class: &str, (x, y): (f64, f64), bound: Option<Towards>) {
        match bound {
            None => {
                let _ = writeln!(
                    self.text,
                    "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
                );
            }
            Some(Towards::Up) => {
                let points = [(x - 6.0, y + 3.0), (x, y - 7.0), (x + 6.0, y + 3.0)];
                self.area(&format!("{class} bound"), &points);
            }
            Some(Towards::Right) => {
                let points = [(x - 3.0, y - 6.0), (x + 7.0, y), (x - 3.0, y + 6.0)];
                self.area(&format!("{class} bound"), &points);
            }
        }
    }

    /// Writes foreign words or ours.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = escaped(words);
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
        );
    }
}

/// Where more is.
#[derive(Clone, Copy)]
pub(super) enum Towards {
    Up,
    Right,
}

/// The part of a picture in which values are drawn.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    /// Its left end.
    pub(super) left: f64,
    /// Its right end.
    pub(super) right: f64,
    /// Its upper end.
    pub(super) top: f64,
    /// Its lower end.
    pub(super) bottom: f64,
}

impl Panel {
    /// Returns where a value stands from left to right.
    pub(super) fn x(&self, scale: &Scale, value: f64) -> f64 {
        self.left + scale.share(value) * (self.right - self.left)
    }

    /// Returns where a value stands from bottom to top.
    pub(super) fn y(&self, scale: &Scale, value: f64) -> f64 {
        self.bottom - scale.share(value) * (self.bottom - self.top)
    }

    /// Draws the values of the scale below the panel, with lines through it.
    pub(super) fn draw_x(&self, scale: &Scale, drawing: &mut Drawing, write: fn(f64) -> String) {
        for tick in &scale.ticks {
            let x = self.x(scale, *tick);
            drawing.line("grid", (x, self.top), (x, self.bottom));
            let place = (x, self.bottom + 16.0);
            drawing.text("tick", place, Anchor::Middle, &write(*tick));
        }
    }

    /// Draws the values of the scale beside the panel, with lines through it.
    pub(super) fn draw_y(&self, scale: &Scale, drawing: &mut Drawing, write: fn(f64) -> String) {
        for tick in &scale.ticks {
            let y = self.y(scale, *tick);
            drawing.line("grid", (self.left, y), (self.right, y));
            let place = (self.left - 8.0, y + 4.0);
            drawing.text("tick", place, Anchor::End, &write(*tick));
        }
    }
}

/// How values become places.
pub(super) struct Scale {
    from: f64,
    to: f64,
    is_logarithmic: bool,
    ticks: Vec<f64>,
}

impl Scale {
    /// Makes a scale from nothing to a little more than this, with about so many values at it.
    pub(super) fn linear(most: f64, count: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let rough = most / count;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * power);
        let last = (most / step - 1e-9).ceil().max(1.0);
        let ticks = (0..=last as u32).map(|index| f64::from(index) * step);
        Self {
            from: 0.0,
            to: last * step,
            is_logarithmic: false,
            ticks: ticks.collect(),
        }
    }

    /// Makes a scale over all of these values that are more than nothing.
    pub(super) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
                (least.min(value), most.max(value))
            });
        let (least, most) = if most > 0.0 {
            (least, most)
        } else {
            (1.0, 10.0)
        };
        // A nanosecond is less than anything that is measured.
        let (mut from, mut to) = (least.max(1e-3) / 1.25, most.max(1e-3) * 1.25);
        // So that two values at least stand at it.
        if to / from < 6.0 {
            let middle = (from * to).sqrt();
            (from, to) = (middle / 2.5, middle * 2.5);
        }
        let decades = from.log10().floor() as i32..=to.log10().ceil() as i32;
        let many = to / from > 2e3;
        let ticks = decades.flat_map(|decade| {
            let digits: &[f64] = if many { &[1.0] } else { &[1.0, 2.0, 5.0] };
            digits.iter().map(move |digit| digit * 10_f64.powi(decade))
        });
        let ticks = ticks.filter(|tick| (from..=to).contains(tick));
        Self {
            from,
            to,
            is_logarithmic: true,
            ticks: ticks.collect(),
        }
    }

    /// Returns where a value lies: 0 at the scale's beginning, 1 at its end.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = match self.is_logarithmic {
            true => (value.max(self.from) / self.from).ln() / (self.to / self.from).ln(),
            false => (value - self.from) / (self.to - self.from),
        };
        share.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_round_values_and_holds_what_it_is_made_for() {
        assert_eq!(
            Scale::linear(41_200.0, 5.0).ticks,
            [0.0, 10_000.0, 20_000.0, 30_000.0, 40_000.0, 50_000.0]
        );
        assert_eq!(Scale::linear(0.0, 4.0).ticks.first(), Some(&0.0));
        let scale = Scale::logarithmic([120.0, 900.0].into_iter());
        assert_eq!(scale.ticks, [100.0, 200.0, 500.0, 1000.0]);
        assert!(
            (scale.share(300.0) - 0.463).abs() < 0.001,
            "{}",
            scale.share(300.0)
        );
        for values in [vec![], vec![0.0], vec![1e15, 1e-300]] {
            let scale = Scale::logarithmic(values.into_iter());
            assert!(scale.ticks.len() < 40);
            assert!((0.0..=1.0).contains(&scale.share(0.0)));
        }
    }
}
