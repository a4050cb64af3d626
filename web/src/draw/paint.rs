//! Paints a draw list on a canvas: the only place that touches one.

use crate::draw::role::Role;
use crate::draw::scene::{Fill, Item, Scene, Stroke};
use crate::draw::shape::{Anchor, Point, Shape};
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The colours of the theme in force, read from the style sheet.
struct Palette {
    colours: BTreeMap<String, String>,
    font: String,
}

impl Palette {
    fn of(canvas: &HtmlCanvasElement) -> Option<Self> {
        let style = web_sys::window()?.get_computed_style(canvas).ok()??;
        let value = |name: &str| style.get_property_value(name).unwrap_or_default().trim().to_string();
        let colours = Role::all().map(|role| (role.property(), value(&role.property()))).collect();
        Some(Self { colours, font: value("font-family") })
    }

    fn colour(&self, role: Role) -> &str {
        self.colours.get(&role.property()).map_or("", String::as_str)
    }
}

/// What changes when the theme does.
#[must_use]
pub fn theme(canvas: &HtmlCanvasElement) -> String {
    let style = web_sys::window().and_then(|window| window.get_computed_style(canvas).ok().flatten());
    style.and_then(|style| style.get_property_value(&Role::Ink.property()).ok()).unwrap_or_default()
}

/// The size of a canvas on the page, in CSS pixels.
#[must_use]
pub fn size(canvas: &HtmlCanvasElement) -> (f64, f64) {
    (f64::from(canvas.client_width()), f64::from(canvas.client_height()))
}

/// Paints `scene` on `canvas`, as sharp as the screen is.
pub fn paint(canvas: &HtmlCanvasElement, scene: &Scene) {
    let Some(palette) = Palette::of(canvas) else { return };
    let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    let (width, height) = ((scene.width * ratio).round() as u32, (scene.height * ratio).round() as u32);
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let Ok(Some(context)) = canvas.get_context("2d") else { return };
    let Ok(context) = context.dyn_into::<CanvasRenderingContext2d>() else { return };
    // A canvas refuses none of these while its numbers are finite, which all of ours are.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, scene.width, scene.height);
    context.set_line_join("round");
    context.set_line_cap("round");
    for item in &scene.items {
        draw(&context, &palette, item);
    }
}

fn draw(context: &CanvasRenderingContext2d, palette: &Palette, item: &Item) {
    context.set_global_alpha(item.alpha);
    if let Shape::Text { at, text, size, anchor, bold } = &item.shape {
        if let Some(Fill::Solid(role)) = item.fill {
            context.set_font(&format!("{} {size}px {}", if *bold { 600 } else { 400 }, palette.font));
            context.set_text_baseline("middle");
            context.set_text_align(match anchor {
                Anchor::Start => "left",
                Anchor::Middle => "center",
                Anchor::End => "right",
            });
            context.set_fill_style_str(palette.colour(role));
            let _ = context.fill_text(text, at.x, at.y);
        }
        return;
    }
    trace(context, &item.shape);
    match item.fill {
        Some(Fill::Solid(role)) => {
            context.set_fill_style_str(palette.colour(role));
            context.fill();
        }
        Some(Fill::Hatched(role)) => hatch(context, palette, role, item),
        None => {}
    }
    if let Some(stroke) = &item.stroke {
        outline(context, palette, stroke);
    }
}

fn outline(context: &CanvasRenderingContext2d, palette: &Palette, stroke: &Stroke) {
    context.set_stroke_style_str(palette.colour(stroke.role));
    context.set_line_width(stroke.width);
    let dash: js_sys::Array = stroke.dash.iter().map(|length| wasm_bindgen::JsValue::from(*length)).collect();
    let _ = context.set_line_dash(&dash);
    context.stroke();
}

fn hatch(context: &CanvasRenderingContext2d, palette: &Palette, role: Role, item: &Item) {
    let Some((from, to)) = bounds(&item.shape) else { return };
    context.set_fill_style_str(palette.colour(Role::Surface));
    context.fill();
    context.save();
    context.clip();
    context.begin_path();
    let height = to.y - from.y;
    let mut x = from.x - height;
    while x < to.x {
        context.move_to(x, to.y);
        context.line_to(x + height, from.y);
        x += 6.0;
    }
    let line = Stroke { role, width: 1.5, dash: Vec::new() };
    outline(context, palette, &line);
    context.restore();
    trace(context, &item.shape);
}

fn bounds(shape: &Shape) -> Option<(Point, Point)> {
    match shape {
        Shape::Box { at, width, height, .. } => Some((*at, Point::new(at.x + width, at.y + height))),
        Shape::Circle { at, radius } => {
            Some((Point::new(at.x - radius, at.y - radius), Point::new(at.x + radius, at.y + radius)))
        }
        _ => None,
    }
}

fn trace(context: &CanvasRenderingContext2d, shape: &Shape) {
    context.begin_path();
    match shape {
        Shape::Circle { at, radius } => {
            let _ = context.arc(at.x, at.y, *radius, 0.0, TAU);
        }
        Shape::Arc { at, radius, from, to } => {
            let _ = context.arc(at.x, at.y, *radius, *from, *to);
        }
        Shape::Box { at, width, height, corner } => {
            let _ = context.round_rect_with_f64(at.x, at.y, *width, *height, *corner);
        }
        Shape::Polygon { points } => {
            path(context, points);
            context.close_path();
        }
        Shape::Line { points } => path(context, points),
        Shape::Text { .. } => {}
    }
}

fn path(context: &CanvasRenderingContext2d, points: &[Point]) {
    for (position, point) in points.iter().enumerate() {
        if position == 0 {
            context.move_to(point.x, point.y);
        } else {
            context.line_to(point.x, point.y);
        }
    }
}
