//! Values that replace the arguments of handlers and hooks that have to wait.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The functions that make the values, by the type of the argument.
#[derive(Default)]
pub(crate) struct Replacements(BTreeMap<TypeId, Box<dyn Any>>);

/// A function that makes the value of an argument.
type Make<T> = Rc<dyn Fn() -> T>;

impl Replacements {
    pub(crate) fn insert<T: 'static>(&mut self, make: impl Fn() -> T + 'static) {
        let make: Make<T> = Rc::new(make);
        self.0.insert(TypeId::of::<T>(), Box::new(make));
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<Make<T>> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref().cloned()
    }
}
