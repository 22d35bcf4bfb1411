//! Charts as inline SVG, made on the server. Colours come from the style sheet, which knows both schemes; a value is
//! told by `<title>`, so that hovering and a screen reader find it. No attribute holds a style.

use std::fmt::Write as _;

use minijinja::{Error, Value};
use qrcode::{EcLevel, QrCode};

use crate::html::escaped;

/// Of a chart over time: half a page wide.
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 132.0;

/// A point or a bar: how it is called, how much it is, and how it is coloured.
struct Item {
    label: String,
    value: f64,
    class: String,
}

fn items(list: &Value) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for item in list.try_iter()? {
        let text = |name: &str| item.get_attr(name).map(|value| value.to_string());
        let value = f64::try_from(item.get_attr("value")?).unwrap_or_default();
        let class = item.get_attr("class").ok().filter(|class| !class.is_undefined());
        let class = class.map(|class| class.to_string()).unwrap_or_default();
        items.push(Item { label: text("label")?, value, class });
    }
    Ok(items)
}

fn whole(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// Upright bars over time: `bars([{label, value}…], "what they count")`.
pub(super) fn bars(list: &Value, about: &str) -> Result<Value, Error> {
    let items = items(list)?;
    let (width, height) = (WIDTH, HEIGHT);
    let most = items.iter().map(|item| item.value).fold(0.0, f64::max).max(1.0);
    let mut svg = head(about, width, height + 22.0);
    grid(&mut svg, width, height, most);
    let step = width / f64::from(u32::try_from(items.len().max(1)).unwrap_or(1));
    for (place, item) in items.iter().enumerate() {
        let x = step * f64::from(u32::try_from(place).unwrap_or_default());
        let tall = if item.value > 0.0 { (item.value / most * height).max(2.0) } else { 0.0 };
        let _ = write!(
            svg,
            "<g class=\"bar {}\"><title>{}: {}</title><rect class=\"hit\" x=\"{x:.1}\" y=\"0\" width=\"{step:.1}\" height=\"{height}\"/><rect class=\"mark\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\" rx=\"2\"/></g>",
            escaped(&item.class),
            escaped(&item.label),
            whole(item.value),
            x + step * 0.15,
            height - tall,
            step * 0.7,
        );
    }
    ends(&mut svg, &items, width, height);
    svg.push_str("</svg>");
    Ok(Value::from_safe_string(svg))
}

/// A line over time with the area below it.
pub(super) fn line(list: &Value, about: &str) -> Result<Value, Error> {
    let items = items(list)?;
    let (width, height) = (WIDTH, HEIGHT);
    let most = items.iter().map(|item| item.value).fold(0.0, f64::max).max(1.0);
    let mut svg = head(about, width, height + 22.0);
    grid(&mut svg, width, height, most);
    let gaps = f64::from(u32::try_from(items.len().saturating_sub(1).max(1)).unwrap_or(1));
    let points: Vec<(f64, f64)> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let x = width / gaps * f64::from(u32::try_from(place).unwrap_or_default());
            (x, height - item.value / most * (height - 4.0))
        })
        .collect();
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let path = path.join(" ");
        let _ = write!(
            svg,
            "<polygon class=\"area\" points=\"{:.1},{height} {path} {:.1},{height}\"/><polyline class=\"stroke\" points=\"{path}\"/>",
            first.0, last.0
        );
    }
    let step = width / gaps;
    for (item, (x, y)) in items.iter().zip(&points) {
        let _ = write!(
            svg,
            "<g class=\"dot\"><title>{}: {}</title><rect class=\"hit\" x=\"{:.1}\" y=\"0\" width=\"{step:.1}\" height=\"{height}\"/><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/></g>",
            escaped(&item.label),
            whole(item.value),
            x - step / 2.0,
        );
    }
    ends(&mut svg, &items, width, height);
    svg.push_str("</svg>");
    Ok(Value::from_safe_string(svg))
}

/// One bar that is divided: shares of a whole.
pub(super) fn stack(list: &Value, about: &str) -> Result<Value, Error> {
    let items = items(list)?;
    let total: f64 = items.iter().map(|item| item.value).sum();
    let (width, height) = (720.0, 14.0);
    let mut svg = format!(
        "<svg class=\"chart stack\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\">",
        escaped(about)
    );
    let mut x = 0.0;
    for item in items.iter().filter(|item| item.value > 0.0) {
        let wide = item.value / total * width;
        let _ = write!(
            svg,
            "<rect class=\"part {}\" x=\"{x:.1}\" y=\"0\" width=\"{:.1}\" height=\"{height}\"><title>{}: {}</title></rect>",
            escaped(&item.class),
            (wide - 2.0).max(1.0),
            escaped(&item.label),
            whole(item.value)
        );
        x += wide;
    }
    if total <= 0.0 {
        let _ = write!(svg, "<rect class=\"part none\" width=\"{width}\" height=\"{height}\"/>");
    }
    svg.push_str("</svg>");
    Ok(Value::from_safe_string(svg))
}

/// A small bar: how much of a whole is used.
pub(super) fn share(used: f64, whole: Option<f64>, about: &str) -> Value {
    let part = whole.filter(|whole| *whole > 0.0).map_or(0.0, |whole| used / whole);
    let class = match part {
        p if p >= 1.0 => "full",
        p if p >= 0.8 => "near",
        _ => "fine",
    };
    Value::from_safe_string(format!(
        "<svg class=\"share {class}\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\"><rect class=\"track\" width=\"100\" height=\"6\" rx=\"3\"/><rect class=\"mark\" width=\"{:.1}\" height=\"6\" rx=\"3\"/></svg>",
        escaped(about),
        (part * 100.0).clamp(0.0, 100.0)
    ))
}

/// A QR code, to be read by a phone; nothing where the text is too long for one.
pub(super) fn qr(text: &str, about: &str) -> Value {
    let Ok(code) = QrCode::with_error_correction_level(text.trim_end(), EcLevel::L) else {
        return Value::from(());
    };
    let side = code.width();
    let mut path = String::new();
    for (place, color) in code.to_colors().iter().enumerate() {
        if *color == qrcode::Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", place % side + 4, place / side + 4);
        }
    }
    let all = side + 8;
    Value::from_safe_string(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\"><rect width=\"{all}\" height=\"{all}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>",
        escaped(about)
    ))
}

fn head(about: &str, width: f64, height: f64) -> String {
    format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"-4 -8 {} {}\">",
        escaped(about),
        width + 44.0,
        height + 8.0
    )
}

/// Three lines with their values at the right.
fn grid(svg: &mut String, width: f64, height: f64, most: f64) {
    for part in [0.0, 0.5, 1.0] {
        let y = height - height * part;
        let value = most * part;
        let _ = write!(svg, "<line class=\"grid\" x1=\"0\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/>");
        if part == 0.0 || value.fract() == 0.0 {
            let _ = write!(
                svg,
                "<text class=\"tick\" x=\"{}\" y=\"{}\">{}</text>",
                width + 6.0,
                y + 4.0,
                whole(value)
            );
        }
    }
}

/// The first and the last label below.
fn ends(svg: &mut String, items: &[Item], width: f64, height: f64) {
    if let (Some(first), Some(last)) = (items.first(), items.last()) {
        let y = height + 18.0;
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"0\" y=\"{y}\">{}</text><text class=\"tick end\" x=\"{width}\" y=\"{y}\">{}</text>",
            escaped(&first.label),
            escaped(&last.label)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Value {
        let items = [("<b>\"a\"", 3.0), ("b", 0.0), ("c", 12.0)];
        Value::from(
            items.map(|(label, value)| minijinja::context! { label, value, class => "x" }).to_vec(),
        )
    }

    #[test]
    fn a_chart_tells_every_value_and_runs_nothing() {
        for svg in [bars(&list(), "<i>"), line(&list(), "<i>"), stack(&list(), "<i>")] {
            let svg = svg.unwrap().to_string();
            assert!(svg.contains("&lt;b&gt;&quot;a&quot;: 3") && svg.contains("c: 12"), "{svg}");
            assert!(svg.contains("aria-label=\"&lt;i&gt;\"") && !svg.contains("style="), "{svg}");
        }
        let none = Value::from(Vec::<Value>::new());
        assert!(bars(&none, "").unwrap().to_string().ends_with("</svg>"));
        assert!(line(&none, "").unwrap().to_string().ends_with("</svg>"));
    }

    #[test]
    fn a_share_is_never_more_than_the_whole() {
        assert!(share(5.0, Some(4.0), "").to_string().contains("width=\"100.0\""));
        assert!(share(5.0, None, "").to_string().contains("width=\"0.0\""));
        assert!(share(8.0, Some(10.0), "").to_string().contains("near"));
    }
}
