//! The states of an app.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// The states of an app, by type. A clone has the same values.
#[derive(Clone, Default)]
pub(crate) struct States(Rc<BTreeMap<TypeId, Rc<dyn Any>>>);

impl States {
    pub(crate) fn insert<T: 'static>(&mut self, value: T) {
        Rc::make_mut(&mut self.0).insert(TypeId::of::<T>(), Rc::new(value));
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref().cloned()
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states", self.0.len())
    }
}
