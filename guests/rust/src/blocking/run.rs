//! Runs futures to their end.

/// Runs a future of this crate to its end. Several operations in it, for example in `join!`, run
/// one after another.
///
/// # Panics
/// If the future waits for something other than an operation, such as a channel, which would never
/// come.
pub fn block_on<F: Future>(future: F) -> F::Output {
    crate::task::block_on(future)
}

/// Defines methods that run the method of the same name of the type inside to its end.
macro_rules! twins {
    ($($(#[$attribute:meta])* fn $name:ident$(<$generic:ident: $bound:path>)?(&self $(, $argument:ident: $ty:ty)*) -> $result:ty;)*) => {
        $($(#[$attribute])*
        pub fn $name$(<$generic: $bound>)?(&self $(, $argument: $ty)*) -> $result {
            $crate::task::block_on(self.inner.$name($($argument),*))
        })*
    };
}
pub(super) use twins;
