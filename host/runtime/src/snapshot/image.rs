//! Replaces the initial memory of the core module in a component.

use std::ops::Range;

use wasm_encoder::{
    ComponentExportKind, ComponentExportSection, ConstExpr, DataSection, Encode, MemorySection,
    MemoryType, RawSection,
};
use wasmparser::{BinaryReaderError, Chunk, Operator, Parser, Payload};

/// Error of reading the engine's component.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImageError {
    #[error("{0}")]
    Invalid(#[from] BinaryReaderError),
    #[error("the component of the engine has no core module")]
    NoModule,
}

/// Size of a WebAssembly page in bytes.
const PAGE: usize = 64 << 10;

/// Maximum run of zero bytes within a data segment; a segment of its own takes about as many.
const GAP: usize = 16;

/// Id of the section of a component that contains a core module.
const CORE_MODULE: u8 = 1;

/// A component with one core module.
pub(super) struct Parts<'a> {
    before: &'a [u8],
    pub(super) module: &'a [u8],
    after: &'a [u8],
}

/// Splits a component at its core module.
pub(super) fn parts(component: &[u8]) -> Result<Parts<'_>, ImageError> {
    let mut parser = Parser::new(0);
    let mut rest = component;
    let mut at = 0;
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
            return Err(ImageError::NoModule);
        };
        if let Payload::ModuleSection {
            unchecked_range: module,
            ..
        } = payload
        {
            return Ok(Parts {
                before: &component[..at],
                module: &component[module.clone()],
                after: &component[module.end..],
            });
        }
        if matches!(payload, Payload::End(_)) {
            return Err(ImageError::NoModule);
        }
        at += consumed;
        rest = &rest[consumed..];
    }
}

/// Returns the component with another initial memory.
pub(super) fn component(parts: &Parts<'_>, memory: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    let module = module(parts.module, memory)?;
    let mut component = Vec::with_capacity(parts.before.len() + module.len() + parts.after.len());
    component.extend_from_slice(parts.before);
    component.push(CORE_MODULE);
    module.len().encode(&mut component);
    component.extend_from_slice(&module);
    component.extend_from_slice(parts.after);
    Ok(component)
}

/// Returns a component that exports a core module.
pub(super) fn wrap(module: &[u8], name: &str) -> Vec<u8> {
    let mut component = wasm_encoder::Component::new();
    component.section(&RawSection {
        id: CORE_MODULE,
        data: module,
    });
    let mut exports = ComponentExportSection::new();
    exports.export(name, ComponentExportKind::Module, 0, None);
    component.section(&exports);
    component.finish()
}

/// Returns a core module with another initial memory.
fn module(module: &[u8], mut memory: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    let mut encoded = wasm_encoder::Module::new();
    let raw = |range: Range<usize>| &module[range];
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::MemorySection(_) => {
                let mut section = MemorySection::new();
                section.memory(MemoryType {
                    minimum: (memory.len() / PAGE) as u64,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                encoded.section(&section);
            }
            Payload::DataSection(_) => {
                encoded.section(&segments(&memory));
            }
            Payload::DataCountSection { .. } => {}
            _ => {
                if let Payload::GlobalSection(globals) = &payload {
                    // The first global is the stack pointer. Below it is the stack, which nothing
                    // uses between calls.
                    if let Some(global) = globals.clone().into_iter().next()
                        && let Operator::I32Const { value } =
                            global?.init_expr.get_operators_reader().read()?
                        && let Some(stack) = memory.get_mut(..value as u32 as usize)
                    {
                        stack.fill(0);
                    }
                }
                if let Some((id, range)) = payload.as_section() {
                    let data = raw(range);
                    encoded.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(encoded.finish())
}

/// Returns the data segments of a memory.
fn segments(memory: &[u8]) -> DataSection {
    let mut section = DataSection::new();
    let mut at = 0;
    while let Some(start) = next(memory, at, |byte| byte != 0) {
        let mut end = start;
        at = start;
        while at < memory.len() && at - end < GAP {
            at += 1;
            if memory[at - 1] != 0 {
                end = at;
            }
        }
        let offset = ConstExpr::i32_const(start as u32 as i32);
        section.active(0, &offset, memory[start..end].iter().copied());
    }
    section
}

fn next(memory: &[u8], from: usize, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = memory.get(from..)?;
    Some(from + rest.iter().position(|&byte| is_it(byte))?)
}
