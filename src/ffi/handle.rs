//! Handles: keys into one table, never pointers. What is no key of a living object of the right
//! type is refused, whatever its bits.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use parking_lot::RwLock;
use slotmap::{DefaultKey, Key, KeyData, SlotMap};

use super::{scumble_context, scumble_generation, scumble_prompt};
use crate::context::Context;
use crate::error::{bail, Result};
use crate::generation::Generation;
use crate::prompt::Prompt;

const _: () = assert!(size_of::<usize>() == 8, "a handle needs the 64 bits of a key");

static TABLE: LazyLock<RwLock<SlotMap<DefaultKey, Object>>> = LazyLock::new(RwLock::default);

/// How many shutdowns are in progress. As long as there is one, nothing new comes into the table.
static CLOSED: AtomicUsize = AtomicUsize::new(0);

/// Whatever a handle may stand for. One table for all types: a key of one is never a key of another.
#[derive(Clone)]
pub enum Object {
    Context(Arc<Context>),
    Prompt(Arc<Prompt>),
    Generation(Arc<Generation>),
}

/// A C handle type and the object behind it.
pub trait Handle {
    /// The object.
    type Target;
    /// How the C type is called.
    const NAME: &'static str;
    fn wrap(object: Arc<Self::Target>) -> Object;
    fn unwrap(object: &Object) -> Option<&Arc<Self::Target>>;
}

macro_rules! handle {
    ($handle:ident, $object:ident) => {
        impl Handle for $handle {
            type Target = $object;
            const NAME: &'static str = stringify!($handle);
            fn wrap(object: Arc<$object>) -> Object {
                Object::$object(object)
            }
            fn unwrap(object: &Object) -> Option<&Arc<$object>> {
                match object {
                    Object::$object(object) => Some(object),
                    _ => None,
                }
            }
        }
    };
}

handle!(scumble_context, Context);
handle!(scumble_prompt, Prompt);
handle!(scumble_generation, Generation);

/// A new handle of an object; `Cancelled` during a shutdown.
pub fn insert<H: Handle>(object: Arc<H::Target>) -> Result<*mut H> {
    let mut table = TABLE.write();
    refuse_shutdown()?; // under the lock: either the shutdown is seen here, or it will find the object
    let key = table.insert(H::wrap(object));
    Ok(std::ptr::without_provenance_mut(key.data().as_ffi() as usize))
}

/// Refuses to begin what a shutdown that is in progress would have to wait for.
pub fn refuse_shutdown() -> Result<()> {
    if CLOSED.load(SeqCst) > 0 {
        bail!(Cancelled, "scumble_shutdown is in progress: create objects when it has returned");
    }
    Ok(())
}

/// A shutdown in progress, until dropped.
pub struct Closed(());

/// Keeps new objects out of the table.
pub fn close() -> Closed {
    CLOSED.fetch_add(1, SeqCst);
    Closed(())
}

impl Closed {
    /// Empties the table, after which all handles are invalid.
    pub fn remove_all(&self) -> Vec<Object> {
        TABLE.write().drain().map(|(_, object)| object).collect()
    }

    /// Lets no object into the table any more: the process ends.
    pub fn for_good(self) {
        mem::forget(self);
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        CLOSED.fetch_sub(1, SeqCst);
    }
}

/// The object of a handle, which lives as long as the answer does.
pub fn get<H: Handle>(handle: *const H) -> Result<Arc<H::Target>> {
    match key(handle).and_then(|key| TABLE.read().get(key).and_then(H::unwrap).cloned()) {
        Some(object) => Ok(object),
        None => bail!(InvalidHandle, "{}", explain(handle)),
    }
}

/// Takes an object out of the table.
pub fn remove<H: Handle>(handle: *const H) -> Result<Arc<H::Target>> {
    let object = get(handle)?;
    // Between these two lines another thread may have been faster.
    match key(handle).and_then(|key| TABLE.write().remove(key)) {
        Some(_) => Ok(object),
        None => bail!(InvalidHandle, "{}", explain(handle)),
    }
}

/// The key whose bits these are. slotmap makes a key of any bits, so that others would do as well.
fn key<H>(handle: *const H) -> Option<DefaultKey> {
    let bits = handle.addr() as u64;
    let key = KeyData::from_ffi(bits);
    (key.as_ffi() == bits).then(|| key.into())
}

fn explain<H: Handle>(handle: *const H) -> String {
    if handle.is_null() {
        return format!("the {} is NULL", H::NAME);
    }
    format!("{handle:p} is no {}: it was destroyed, is of another type, or never was one", H::NAME)
}
