//! Which images and containers there are and have been.
