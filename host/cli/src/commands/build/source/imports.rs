//! Finds the imports of a module, and removes the ones that only types used.

use std::collections::HashSet;
use std::ops::Range;

use anyhow::{Result, anyhow};
use swc_atoms::Atom;
use swc_common::sync::Lrc;
use swc_common::{BytePos, FileName, SourceFile, SourceMap, Span, Spanned};
use swc_ecma_ast::{
    CallExpr, Callee, Decorator, EsVersion, ExportAll, ExportSpecifier, Expr, Ident, ImportDecl,
    ImportSpecifier, Lit, Module, ModuleDecl, ModuleItem, NamedExport, Str,
};
use swc_ecma_parser::{EsSyntax, Syntax, parse_file_as_module};
use swc_ecma_visit::{Visit, VisitWith};

/// An import of a module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) specifier: String,
    /// Line from 1.
    pub(super) line: usize,
    /// Exports that the module imports by their names.
    pub(super) names: Vec<String>,
}

/// What a module needs.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) imports: Vec<Import>,
    /// Line of the first decorator, which QuickJS does not know.
    pub(super) decorator: Option<usize>,
}

/// Reads the imports of a JavaScript module: static, re-exports, and `import()` of a literal.
///
/// If `was_typescript`, removes the names that the module imports but does not use: only its types
/// used them, so the imported module may not have them. Positions stay.
///
/// # Errors
/// The module has a syntax error.
pub(super) fn read(name: &str, source: &mut String, was_typescript: bool) -> Result<Needs> {
    let map: Lrc<SourceMap> = Lrc::default();
    let file = map.new_source_file(Lrc::new(FileName::Anon), source.clone());
    let syntax = Syntax::Es(EsSyntax {
        decorators: true,
        import_attributes: true,
        auto_accessors: true,
        explicit_resource_management: true,
        ..EsSyntax::default()
    });
    let mut errors = Vec::new();
    let module = parse_file_as_module(&file, syntax, EsVersion::latest(), None, &mut errors);
    let problem = |error: swc_ecma_parser::error::Error| {
        let at = map.lookup_char_pos(error.span_lo());
        let message = error.kind().msg();
        let (line, column) = (at.line, at.col.0 + 1);
        anyhow!("{name}:{line}:{column}: syntax error: {message}")
    };
    let module = module.map_err(problem)?;
    // The parser recovers from some errors.
    if let Some(error) = errors.into_iter().min_by_key(Spanned::span_lo) {
        return Err(problem(error));
    }
    let mut names = Names::default();
    module.visit_with(&mut names);
    let mut imports = Vec::new();
    let mut edits = Vec::new();
    for declaration in declarations(&module) {
        let kept: Vec<&ImportSpecifier> = declaration
            .specifiers
            .iter()
            .filter(|specifier| !was_typescript || names.used.contains(&specifier.local().sym))
            .collect();
        let all = declaration.specifiers.len();
        if kept.len() < all {
            edits.push((declaration.span, rewritten(declaration, &kept, &file)));
        }
        if all == 0 || !kept.is_empty() {
            let names = kept.iter().filter_map(|specifier| imported(specifier));
            imports.push(Found {
                specifier: text(&declaration.src),
                at: declaration.span.lo,
                names: names.collect(),
            });
        }
    }
    // From the end, because an edit moves what comes after it in its line.
    for (span, text) in edits.iter().rev() {
        replace(source, *span, &file, text);
    }
    imports.append(&mut names.others);
    let line = |at: BytePos| map.lookup_char_pos(at).line;
    let import = |found: Found| Import {
        specifier: found.specifier,
        line: line(found.at),
        names: found.names,
    };
    Ok(Needs {
        imports: imports.into_iter().map(import).collect(),
        decorator: names.decorator.map(line),
    })
}

/// An import in the source.
struct Found {
    specifier: String,
    at: BytePos,
    names: Vec<String>,
}

/// Returns the name of an imported export; `None` for a namespace.
fn imported(specifier: &ImportSpecifier) -> Option<String> {
    match specifier {
        ImportSpecifier::Named(named) => Some(match &named.imported {
            Some(name) => name.atom().to_string(),
            None => named.local.sym.to_string(),
        }),
        ImportSpecifier::Default(_) => Some("default".to_owned()),
        ImportSpecifier::Namespace(_) => None,
    }
}

fn declarations(module: &Module) -> impl Iterator<Item = &ImportDecl> {
    module.body.iter().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => Some(import),
        _ => None,
    })
}

/// Returns an import declaration with fewer names; empty if there are none.
fn rewritten(declaration: &ImportDecl, kept: &[&ImportSpecifier], file: &SourceFile) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let (named, others): (Vec<_>, Vec<_>) = kept
        .iter()
        .copied()
        .partition(|specifier| specifier.is_named());
    let text_of = |specifier: &&ImportSpecifier| file.src[range(specifier.span(), file)].to_owned();
    let mut clauses: Vec<String> = others.iter().map(text_of).collect();
    if !named.is_empty() {
        let names: Vec<String> = named.iter().map(text_of).collect();
        clauses.push(format!("{{{}}}", names.join(",")));
    }
    let rest = Span::new(declaration.src.span.lo, declaration.span.hi);
    format!(
        "import {} from {}",
        clauses.join(","),
        &file.src[range(rest, file)]
    )
}

/// Replaces a span by a text, with the same number of lines.
fn replace(source: &mut String, span: Span, file: &SourceFile, text: &str) {
    let range = range(span, file);
    let old = &source[range.clone()];
    // The text has the last lines of the old one, so the others become empty lines before it.
    let lines = old.matches('\n').count() - text.matches('\n').count();
    let mut new = "\n".repeat(lines);
    new.push_str(text);
    let padding = old.len().saturating_sub(new.len());
    new.push_str(&" ".repeat(padding));
    source.replace_range(range, &new);
}

fn range(span: Span, file: &SourceFile) -> Range<usize> {
    let at = |position: BytePos| (position - file.start_pos).0 as usize;
    at(span.lo)..at(span.hi)
}

fn text(text: &Str) -> String {
    text.value.to_string_lossy().into_owned()
}

/// The names that a module uses, and its imports without a name.
#[derive(Default)]
struct Names {
    used: HashSet<Atom>,
    others: Vec<Found>,
    decorator: Option<BytePos>,
}

impl Names {
    fn add(&mut self, specifier: &Str, at: Span, names: Vec<String>) {
        self.others.push(Found {
            specifier: text(specifier),
            at: at.lo,
            names,
        });
    }
}

impl Visit for Names {
    fn visit_import_decl(&mut self, _: &ImportDecl) {}

    fn visit_ident(&mut self, name: &Ident) {
        self.used.insert(name.sym.clone());
    }

    fn visit_named_export(&mut self, export: &NamedExport) {
        match &export.src {
            Some(src) => {
                let names = export
                    .specifiers
                    .iter()
                    .filter_map(|specifier| match specifier {
                        ExportSpecifier::Named(named) => Some(named.orig.atom().to_string()),
                        _ => None,
                    });
                self.add(src, export.span, names.collect());
            }
            None => export.visit_children_with(self),
        }
    }

    fn visit_export_all(&mut self, export: &ExportAll) {
        self.add(&export.src, export.span, Vec::new());
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        if let (Callee::Import(_), Some(argument)) = (&call.callee, call.args.first())
            && let Expr::Lit(Lit::Str(specifier)) = &*argument.expr
        {
            self.add(specifier, call.span, Vec::new());
        }
        call.visit_children_with(self);
    }

    fn visit_decorator(&mut self, decorator: &Decorator) {
        self.decorator.get_or_insert(decorator.span.lo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specifiers(source: &str) -> Vec<(String, usize)> {
        let imports = read("app.js", &mut source.to_owned(), false)
            .expect("imports")
            .imports;
        imports
            .into_iter()
            .map(|import| (import.specifier, import.line))
            .collect()
    }

    fn without_types(source: &str) -> String {
        let mut source = source.to_owned();
        read("app.ts", &mut source, true).expect("imports");
        source
    }

    #[test]
    fn finds_each_kind_of_import() {
        let source = "import a from './a';\nimport './b';\nexport { c } from \"./c\";\nexport * from './d';\n\
                      const e = await import('./e');\nimport(a);\n// import './f'\n";
        let found = [("./a", 1), ("./b", 2), ("./c", 3), ("./d", 4), ("./e", 5)];
        assert_eq!(
            specifiers(source),
            found.map(|(name, line)| (name.to_owned(), line))
        );
    }

    #[test]
    fn names_that_only_types_used_are_removed() {
        let source = "import a, { B, c as d, E } from './x';\nimport {\n  F,\n  g,\n} from './y';\n\
                      import { H } from './z';\nimport './w';\na(d, g);\n";
        let lines = [
            "import a,{c as d} from './x';",
            "",
            "",
            "",
            "import {g} from './y';",
            "",
            "import './w';",
            "a(d, g);",
        ];
        let code = without_types(source);
        let code: Vec<&str> = code.lines().map(str::trim_end).collect();
        assert_eq!(code, lines);
        assert_eq!(
            without_types("import{a,b}from'./x';import{c}from'./y';a(c)"),
            "import {a} from './x';import{c}from'./y';a(c)"
        );
        let imports = read("app.ts", &mut source.to_owned(), true)
            .expect("imports")
            .imports;
        let imports: Vec<_> = imports
            .iter()
            .map(|import| import.specifier.as_str())
            .collect();
        assert_eq!(imports, ["./x", "./y", "./w"]);
    }

    #[test]
    fn imported_names_and_decorators_are_found() {
        let source = "import a, { b as c, 'd e' as f } from './a';\nexport { g as h } from './b';\n@a\nclass C {}\n";
        let needs = read("app.js", &mut source.to_owned(), false).expect("imports");
        let names: Vec<_> = needs
            .imports
            .iter()
            .map(|import| import.names.join(","))
            .collect();
        assert_eq!(names, ["default,b,d e", "g"]);
        assert_eq!(needs.decorator, Some(3));
    }

    #[test]
    fn names_stay_in_javascript() {
        let mut source = "import { a } from './a';\n".to_owned();
        read("app.js", &mut source, false).expect("imports");
        assert_eq!(source, "import { a } from './a';\n");
    }

    #[test]
    fn a_syntax_error_has_its_position() {
        let error = read(
            "src/app.js",
            &mut "const a = 1;\nconst = 2;\n".to_owned(),
            false,
        );
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("src/app.js:2:7: syntax error: "),
            "{error}"
        );
    }
}
