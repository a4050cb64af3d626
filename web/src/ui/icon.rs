//! The few icons of buttons and strips, as paths on a grid of 24.

use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct IconProps {
    pub name: &'static str,
}

#[component]
pub fn Icon(props: &IconProps) -> Html {
    let is_solid = matches!(props.name, "play" | "pause");
    let fill = if is_solid { "currentColor" } else { "none" };
    html! {
        <svg class="icon" width="18" height="18" viewBox="0 0 24 24" {fill} stroke="currentColor" stroke-width="2"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d={path(props.name)} />
        </svg>
    }
}

fn path(name: &str) -> &'static str {
    match name {
        "play" => "M7 4.5v15l12-7.5z",
        "pause" => "M7 5h3v14H7zM14 5h3v14h-3z",
        "back" => "M18 5l-9 7 9 7zM5 5v14",
        "fork" => "M7 3v18M7 14c0-5 10-3 10-9M13.5 8L17 4.500l3.500 3.500",
        "step" => "M6 5l9 7-9 7zM19 5v14",
        "reset" => "M4 4v6h6M4.6 14a8 8 0 1 0 1.6-7.6L4 10",
        "theme" => "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
        "share" => "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
        "check" => "M4 12.5l5 5L20 6.5",
        "alert" => "M12 3l10 18H2zM12 10v5M12 18v.1",
        "help" => {
            "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.8v.1"
        }
        // Three blocks in a row, the last one open.
        _ => "M2 9h5v6H2zM7 12h3M10 9h5v6h-5zM15 12h2M17 9h5v6h-5z",
    }
}
