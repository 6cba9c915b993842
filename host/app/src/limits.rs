//! What bounds the work that one request can cause, apart from the settings that a
//! route declares. Each is far above what a sensible request needs.

/// How many pairs a query, how many fields a form and how many parts a multipart form
/// may have: each costs more memory than its bytes.
pub(crate) const MAX_FIELDS: usize = 1000;

/// How deep a JSON body, or the bracketed name of a field, may nest. A guest's own
/// parser may be recursive, and the stack of a component is small.
pub(crate) const MAX_NESTING: usize = 32;

/// How many errors a 422 names.
pub(crate) const MAX_ERRORS: usize = 100;

/// How many values a body or parameter may have whose errors are all looked for: the
/// crate `jsonschema` makes every one of them before the first can be read.
pub(crate) const MAX_EXPLAINED: usize = 10_000;

/// How many bytes of a refused value, of a name or of a message an error repeats.
pub(crate) const MAX_ECHO: usize = 1024;

/// How many bytes the preamble of a multipart form, or the headers of one part, may have.
pub(crate) const MAX_PART_HEAD: usize = 16 << 10;

/// How often a pattern with look-around or back-references may backtrack on one
/// value. Every other pattern is matched in linear time.
pub(crate) const MAX_BACKTRACKS: usize = 100_000;
