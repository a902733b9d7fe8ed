//! Networks: the sandbox's own, each with addresses of the pool. The default one is called `bridge`, as
//! on any host; `host` and `none` are there in name.

mod addresses;
mod change;
mod look;
mod machine;
mod make;
mod options;
mod pool;

#[cfg(test)]
pub(crate) use self::make::bridge_name;
pub(crate) use self::{
    addresses::own_address,
    change::{connect, disconnect, prune, remove},
    look::{inspect, is_internal, list},
    make::{create, make_default},
};
