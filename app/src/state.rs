//! What several components look at: newtypes in the context, and the logic behind them.

mod live;
mod work;

pub(crate) use live::{Line, Live};
pub(crate) use work::{Ask, Work};
