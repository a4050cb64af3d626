//! Colours by what they mean. The style sheet says which colour a role has in which theme.

use hotstuff_core::ReplicaId;
use serde::Serialize;

/// How many hues replicas share (Okabe and Ito's palette); the number tells them apart beyond it.
pub const HUES: u16 = 8;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Text and outlines.
    Ink,
    /// Text of less weight.
    Muted,
    /// Lines that are only guides.
    Faint,
    /// The background of panels.
    Surface,
    /// The zebra's darker band.
    Band,
    /// The one accent.
    Accent,
    /// Text on the accent.
    OnAccent,
    /// Something good is final.
    Good,
    /// Something is wrong.
    Bad,
    /// A replica's hue.
    Hue(u16),
    /// Text on a replica's hue.
    OnHue(u16),
}

impl Role {
    /// The hue of a replica.
    #[must_use]
    pub fn of(id: ReplicaId) -> Self {
        Self::Hue(id.0 % HUES)
    }

    /// Text on a replica's hue.
    #[must_use]
    pub fn on(id: ReplicaId) -> Self {
        Self::OnHue(id.0 % HUES)
    }

    /// The custom property of the style sheet that holds the colour.
    #[must_use]
    pub fn property(self) -> String {
        match self {
            Self::Ink => "--ink".into(),
            Self::Muted => "--muted".into(),
            Self::Faint => "--line".into(),
            Self::Surface => "--surface".into(),
            Self::Band => "--band".into(),
            Self::Accent => "--accent".into(),
            Self::OnAccent => "--on-accent".into(),
            Self::Good => "--good".into(),
            Self::Bad => "--bad".into(),
            Self::Hue(hue) => format!("--hue-{hue}"),
            Self::OnHue(hue) => format!("--on-hue-{hue}"),
        }
    }

    /// All roles.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Ink,
            Self::Muted,
            Self::Faint,
            Self::Surface,
            Self::Band,
            Self::Accent,
            Self::OnAccent,
            Self::Good,
            Self::Bad,
        ];
        plain.into_iter().chain((0..HUES).flat_map(|hue| [Self::Hue(hue), Self::OnHue(hue)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_has_a_colour_for_every_role() {
        let sheet = include_str!("../../style/theme.css");
        for role in Role::all() {
            let (property, times) = (format!("{}:", role.property()), if hue(role) { 1 } else { 2 });
            assert!(sheet.matches(&property).count() >= times, "{property}");
        }
    }

    fn hue(role: Role) -> bool {
        matches!(role, Role::Hue(_) | Role::OnHue(_))
    }
}
