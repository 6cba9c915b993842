//! Fixed limits on the work that one request can cause, in addition to the limits that a
//! route declares. Each is far above the needs of a legitimate request.

/// The maximum number of pairs in a query, fields in a form, and parts in a multipart
/// form. Each costs more memory than its bytes.
pub(crate) const MAX_FIELDS: usize = 1000;

/// The maximum nesting depth of a JSON body or a bracketed field name. A guest's parser
/// can be recursive, and the stack of a component is small.
pub(crate) const MAX_NESTING: usize = 32;

/// The maximum number of errors in a 422 response.
pub(crate) const MAX_ERRORS: usize = 100;

/// The maximum number of values in a body or parameter for which the host reports every
/// error: the crate `jsonschema` creates all errors before it returns the first.
pub(crate) const MAX_EXPLAINED: usize = 10_000;

/// The maximum size of a rejected value, a name or a message in an error, in bytes.
pub(crate) const MAX_ECHO: usize = 1024;

/// The maximum size of the preamble of a multipart form, and of the headers of one part,
/// in bytes.
pub(crate) const MAX_PART_HEAD: usize = 16 << 10;

/// The maximum number of backtracking steps of a pattern with look-around or
/// back-references on one value. All other patterns run in linear time.
pub(crate) const MAX_BACKTRACKS: usize = 100_000;
