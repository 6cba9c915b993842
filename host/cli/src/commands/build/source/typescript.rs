//! Removes types from TypeScript with SWC, as Node.js does: spaces replace them, so each position
//! stays. A file with an `enum` or another construct that needs code is transformed instead, and
//! its positions change.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use swc_common::errors::{DiagnosticBuilder, Emitter, Handler};
use swc_common::sync::Lrc;
use swc_common::{BytePos, GLOBALS, Globals, SourceMap};
use swc_ecma_parser::TsSyntax;
use swc_ts_fast_strip::{ErrorCode, Mode, Options, operate};

/// Returns the JavaScript of a TypeScript module. `name` identifies it in errors.
pub(super) fn to_javascript(name: &str, source: &str) -> Result<String> {
    match run(source, Mode::StripOnly) {
        Ok(code) => Ok(code),
        Err((ErrorCode::UnsupportedSyntax, problems)) => {
            if let Some((_, line, _)) = problems.first() {
                tracing::warn!(
                    "`{name}:{line}` needs more than the removal of types; stacks show other lines of that file"
                );
            }
            run(source, Mode::Transform).map_err(|(_, errors)| explain(name, &errors))
        }
        Err((_, errors)) => Err(explain(name, &errors)),
    }
}

/// A message, and its line and column from 1.
type Problem = (String, usize, usize);

fn run(source: &str, mode: Mode) -> Result<String, (ErrorCode, Vec<Problem>)> {
    let map: Lrc<SourceMap> = Lrc::default();
    let problems: Arc<Mutex<Vec<(String, BytePos)>>> = Arc::default();
    let collector = Collector(problems.clone());
    let handler = Handler::with_emitter(false, false, Box::new(collector));
    let options = Options {
        module: Some(true),
        parser: TsSyntax {
            decorators: true,
            ..TsSyntax::default()
        },
        mode,
        deprecated_ts_module_as_error: Some(true),
        ..Options::default()
    };
    let result = GLOBALS.set(&Globals::new(), || {
        operate(&map, &handler, source.to_owned(), options)
    });
    result.map(|output| output.code).map_err(|error| {
        let mut problems: Vec<Problem> = problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .map(|(message, at)| {
                let at = map.lookup_char_pos(at);
                (message, at.line, at.col.0 + 1)
            })
            .collect();
        if problems.is_empty() {
            problems.push((error.message, 1, 1));
        }
        (error.code, problems)
    })
}

/// Explains the first problem. Others often follow from it.
fn explain(name: &str, problems: &[Problem]) -> anyhow::Error {
    let first = problems
        .iter()
        .min_by_key(|(_, line, column)| (*line, *column));
    let (message, line, column) = first.map_or(("unknown", 1, 1), |(message, line, column)| {
        (message.trim_end_matches('.'), *line, *column)
    });
    anyhow!("{name}:{line}:{column}: syntax error: {message}")
}

/// Collects errors in place of printing them.
struct Collector(Arc<Mutex<Vec<(String, BytePos)>>>);

impl Emitter for Collector {
    fn emit(&mut self, diagnostic: &mut DiagnosticBuilder<'_>) {
        let at = diagnostic
            .span
            .primary_span()
            .map_or(BytePos(1), |span| span.lo);
        let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        problems.push((diagnostic.message(), at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_spaces() {
        let code = to_javascript("a.ts", "const a: number = f<string>(b as any)!;\n").unwrap();
        assert_eq!(code, "const a         = f        (b       ) ;\n");
    }

    #[test]
    fn an_enum_is_transformed() {
        let code = to_javascript("a.ts", "export enum Color { Red = 1 }\n").unwrap();
        assert!(
            code.contains("Color[\"Red\"] = 1") || code.contains("Color[Color[\"Red\"] = 1]"),
            "{code}"
        );
    }

    #[test]
    fn a_syntax_error_has_its_position() {
        let error = to_javascript("src/a.ts", "const a = 1;\nconst b: = 2;\n").unwrap_err();
        assert_eq!(
            error.to_string().split(": syntax error: ").next(),
            Some("src/a.ts:2:10")
        );
    }
}
