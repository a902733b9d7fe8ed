//! What several components look at: newtypes in the context, and the logic behind them.

mod class;
pub(crate) mod codes;
mod live;
mod work;

pub(crate) use class::{InClass, Led, OVER, SeatAsk, entrance, from, led_to, news, watching};
pub(crate) use live::{Line, Live};
pub(crate) use work::{Ask, Work};
