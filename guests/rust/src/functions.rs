//! Functions and closures as handlers and hooks.

/// Implements a trait for functions and closures of up to eight arguments, each an
/// [`Extract`](crate::Extract): `functions!(Trait::method, Return::convert -> Output)`.
///
/// The method reads the arguments, calls the function and converts its return value with the trait
/// `Return`. An argument that cannot be read ends the call with its reply. The method returns a
/// future only if the function is `async` or an argument has to wait.
macro_rules! functions {
    ($trait:ident::$method:ident, $return:ident::$convert:ident -> $output:ty) => {
        $crate::functions::functions!(
            $trait::$method, $return::$convert -> $output;
            (), (A MA), (A MA B MB), (A MA B MB C MC), (A MA B MB C MC D MD),
            (A MA B MB C MC D MD E ME), (A MA B MB C MC D MD E ME G MG),
            (A MA B MB C MC D MD E ME G MG H MH), (A MA B MB C MC D MD E ME G MG H MH I MI)
        );
    };
    (
        $trait:ident::$method:ident, $return:ident::$convert:ident -> $output:ty;
        $(($($argument:ident $mode:ident)*)),*
    ) => {$(
        impl<F, R, Mode, $($argument, $mode),*> $trait<(Mode, $(($argument, $mode),)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: $return<Mode>,
            $($argument: Extract<$mode> + 'static,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case, unreachable_patterns)]
            fn $method(self: &Rc<Self>, _call: &mut Call<'_>) -> MaybeFuture<$output> {
                $(let $argument = match $argument::extract(_call) {
                    MaybeFuture::Ready(Err(reply)) => return MaybeFuture::Ready(reply.into()),
                    argument => argument,
                };)*
                match ($($argument,)*) {
                    ($(MaybeFuture::Ready(Ok($argument)),)*) => self($($argument),*).$convert(),
                    ($($argument,)*) => {
                        let function = self.clone();
                        MaybeFuture::later(async move {
                            $(let $argument = match $argument.wait().await {
                                Ok(argument) => argument,
                                Err(reply) => return reply.into(),
                            };)*
                            function($($argument),*).$convert().wait().await
                        })
                    }
                }
            }
        }
    )*};
}

pub(crate) use functions;
