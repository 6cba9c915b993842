//! The exports of a component, in the layout that the macro of `wit-bindgen` expects.
//!
//! The generated exports of `handler` include a function that frees the reply of a call. The host
//! enters the guest once more to call it. The export here frees the reply at the next call.

pub mod exports {
    pub mod spikard {
        pub mod handler {
            pub use crate::bindings::exports::spikard::handler::{definition, hooks, resumable};

            pub mod handler {
                use std::cell::Cell;
                use std::ptr;

                pub use crate::__export_handler as __export_spikard_handler_handler_0_1_0_cabi;
                use crate::bindings::exports::spikard::handler::handler::{
                    __post_return_handle, _export_handle_cabi,
                };
                pub use crate::bindings::exports::spikard::handler::handler::{
                    Body, Content, Guest,
                };

                thread_local! {
                    /// The reply of the previous call.
                    static REPLY: Cell<*mut u8> = const { Cell::new(ptr::null_mut()) };
                }

                /// Handles a request.
                ///
                /// # Safety
                /// The arguments are a call of `handle` in the canonical ABI, and the caller has
                /// read the previous reply.
                pub unsafe fn handle<T: Guest>(
                    route: i32,
                    params: (*mut u8, usize),
                    body: (i32, *mut u8, usize),
                ) -> *mut u8 {
                    let previous = REPLY.replace(ptr::null_mut());
                    if !previous.is_null() {
                        // SAFETY: the pointer is the result of the call below, and is freed once.
                        unsafe { __post_return_handle::<T>(previous) };
                    }
                    // SAFETY: the caller passes arguments of the canonical ABI.
                    let reply = unsafe {
                        _export_handle_cabi::<T>(route, params.0, params.1, body.0, body.1, body.2)
                    };
                    REPLY.set(reply);
                    reply
                }
            }
        }
    }
}

/// Exports the interface `handler`. For [`export!`](crate::export).
#[doc(hidden)]
#[macro_export]
macro_rules! __export_handler {
    ($ty:ident with_types_in $($path:tt)*) => {
        const _: () = {
            #[unsafe(export_name = "spikard:handler/handler@0.1.0#handle")]
            unsafe extern "C" fn handle(
                route: i32,
                params: *mut u8,
                params_length: usize,
                body: i32,
                content: *mut u8,
                content_length: usize,
            ) -> *mut u8 {
                // SAFETY: the host calls this as the canonical ABI says, and reads the reply
                // before it calls the instance again.
                unsafe {
                    $($path)*::handle::<$ty>(
                        route,
                        (params, params_length),
                        (body, content, content_length),
                    )
                }
            }
        };
    };
}
