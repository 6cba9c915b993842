//! Values that replace the arguments of handlers and hooks that have to wait.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::event_loop::current;

/// The functions that make the values, by the type of the argument.
#[derive(Default)]
pub(crate) struct Replacements(BTreeMap<TypeId, Rc<dyn Any>>);

/// A function that makes the value of an argument.
struct Make<T>(Box<dyn Fn() -> T>);

impl Replacements {
    pub(crate) fn insert<T: 'static>(&mut self, make: impl Fn() -> T + 'static) {
        let make = Make(Box::new(make));
        self.0.insert(TypeId::of::<T>(), Rc::new(make));
    }
}

/// Returns the value that the test client of the current request has for an argument.
pub(crate) fn replacement<T: 'static>() -> Option<T> {
    let services = current()?;
    let make = services
        .replacements
        .borrow()
        .0
        .get(&TypeId::of::<T>())?
        .clone();
    let make = make.downcast::<Make<T>>().ok()?;
    Some((make.0)())
}
