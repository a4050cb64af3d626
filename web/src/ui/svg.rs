//! A draw list as an inline picture: for legends and other small still things.

use crate::draw::scene::{Fill, Item};
use crate::draw::shape::Anchor;
use crate::draw::{Point, Role, Scene, Shape};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct SvgProps {
    pub scene: Scene,
}

#[component]
pub fn Svg(props: &SvgProps) -> Html {
    let Scene { width, height, items } = &props.scene;
    html! {
        <svg width={width.to_string()} height={height.to_string()} viewBox={format!("0 0 {width} {height}")} aria-hidden="true">
            { for items.iter().map(item) }
        </svg>
    }
}

fn colour(role: Role) -> String {
    format!("var({})", role.property())
}

fn item(item: &Item) -> Html {
    let fill = match item.fill {
        Some(Fill::Solid(role)) => colour(role),
        Some(Fill::Hatched(_)) | None => "none".into(),
    };
    if let Shape::Text { at, text, size, anchor, bold } = &item.shape {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        return html! {
            <text x={at.x.to_string()} y={at.y.to_string()} fill={fill} font-size={size.to_string()} text-anchor={anchor}
                dominant-baseline="central" font-weight={if *bold { "600" } else { "400" }}>{ text }</text>
        };
    }
    let (stroke, width, dash) = item.stroke.as_ref().map_or(("none".into(), 0.0, String::new()), |stroke| {
        let dash: Vec<String> = stroke.dash.iter().map(ToString::to_string).collect();
        (colour(stroke.role), stroke.width, dash.join(" "))
    });
    let hatch = match item.fill {
        Some(Fill::Hatched(role)) => hatch(&item.shape, role),
        _ => Html::default(),
    };
    html! {
        <>
            { hatch }
            <path d={path(&item.shape)} {fill} {stroke} stroke-width={width.to_string()} stroke-dasharray={dash}
                stroke-linejoin="round" stroke-linecap="round" opacity={item.alpha.to_string()} />
        </>
    }
}

fn hatch(shape: &Shape, role: Role) -> Html {
    let Shape::Box { at, width, height, .. } = shape else { return Html::default() };
    let lines = (1..4).map(|line| {
        let x = at.x + width * f64::from(line) / 4.0;
        format!("M{} {}L{} {}", x - height / 3.0, at.y + height - 1.0, x + height / 3.0, at.y + 1.0)
    });
    html! { <path d={lines.collect::<String>()} stroke={colour(role)} stroke-width="1.5" /> }
}

fn path(shape: &Shape) -> String {
    match shape {
        Shape::Circle { at, radius } => {
            format!(
                "M{} {}a{radius} {radius} 0 1 0 {} 0a{radius} {radius} 0 1 0 {} 0",
                at.x - radius,
                at.y,
                2.0 * radius,
                -2.0 * radius
            )
        }
        Shape::Arc { at, radius, from, to } => {
            let (start, end) = (at.towards(*from, *radius), at.towards(*to, *radius));
            let large = u8::from(to - from > std::f64::consts::PI);
            format!("M{} {}A{radius} {radius} 0 {large} 1 {} {}", start.x, start.y, end.x, end.y)
        }
        Shape::Box { at, width, height, corner } => {
            let (w, h) = (width - 2.0 * corner, height - 2.0 * corner);
            let turn = |x: f64, y: f64| format!("a{corner} {corner} 0 0 1 {x} {y}");
            format!(
                "M{} {}h{w}{}v{h}{}h{}{}v{}{}z",
                at.x + corner,
                at.y,
                turn(*corner, *corner),
                turn(-corner, *corner),
                -w,
                turn(-corner, -corner),
                -h,
                turn(*corner, -corner)
            )
        }
        Shape::Polygon { points } => format!("{}z", line(points)),
        Shape::Line { points } => line(points),
        Shape::Text { .. } => String::new(),
    }
}

fn line(points: &[Point]) -> String {
    let step = |(position, point): (usize, &Point)| {
        format!("{}{} {}", if position == 0 { "M" } else { "L" }, point.x, point.y)
    };
    points.iter().enumerate().map(step).collect()
}
