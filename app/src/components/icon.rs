//! Small pictures, drawn in the text's colour. They never carry meaning alone.

use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Check,
    Circle,
    Undone,
    Left,
    Right,
    Down,
    Out,
    Sun,
    Moon,
    Screen,
    Reset,
    List,
    Voice,
    Hand,
    Eye,
    Note,
    Key,
    Keyboard,
}

impl Icon {
    /// On a grid of 24 × 24.
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Circle => "M12 5a7 7 0 1 0 0 14a7 7 0 1 0 0-14",
            Self::Undone => "M5 9h9a5 5 0 0 1 0 10h-4M5 9l4-4M5 9l4 4",
            Self::Left => "M14.5 6l-6 6 6 6",
            Self::Right => "M9.5 6l6 6-6 6",
            Self::Down => "M6 9.5l6 6 6-6",
            Self::Out => "M13 5h6v6M19 5l-8 8M17 14v5H5V7h5",
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5"
            }
            Self::Moon => "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z",
            Self::Screen => "M4 5h16v11H4zM9 20h6M12 16v4",
            Self::Reset => "M5 12a7 7 0 1 1 2 5M5 18v-4h4",
            Self::List => "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
            Self::Voice => "M5 10v4h3l4 4V6l-4 4zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
            Self::Hand => {
                "M8 13V6.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v8a6.5 6.5 0 0 1-6.5 6.5c-3 0-4.3-1.5-6-5l-1-2.200a1.5 1.5 0 0 1 2.6-1.400L8 14"
            }
            Self::Eye => "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 9.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5",
            Self::Note => "M5 6h14v10h-7l-4 4v-4H5z",
            Self::Key => "M8 11.500a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M10.5 12.500L19 4M15.5 7.500l3 3",
            Self::Keyboard => "M3 7h18v10H3zM7 10.500h.01M11 10.500h.01M15 10.500h.01M8 14h8",
        }
    }

    pub(crate) fn view(self) -> impl IntoView {
        view! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                <path d=self.path()></path>
            </svg>
        }
    }
}
