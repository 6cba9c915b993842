//! Loading a component: read, checked against the world, compiled or found in the
//! cache, linked, and asked what its routes are.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::{App, Description, HookKind, one_line};
use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex};

use crate::abi::handler::{BodyParam, DescribeResult, HandleResult};
use crate::abi::{hooks, wasi_http};
use crate::cache::{Cache, Key};
use crate::engine::{self, Runtime};
use crate::error::{LoadError, root_cause};
use crate::granted;
use crate::granted::keyvalue::stores::Stores;
use crate::instance::{Exports, Instance, Origin};
use crate::limits::Limits;
use crate::link::link;
use crate::names;
use crate::needs::{Need, may_be_types};
use crate::precompiled::{Artifact, Unusable};
use crate::state::Shared;
use crate::stats::Alive;
use crate::wasi;
use crate::world::{Interfaces, Kind};

/// A component that is ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Loaded(Arc<Inner>);

struct Inner {
    interfaces: Interfaces,
    bytes: u64,
    from_cache: bool,
    origin: Origin,
}

/// What loading is about to do; a large component takes seconds to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Compiling so many bytes.
    Compiling(u64),
    /// Compiled, or found in the cache.
    Compiled,
}

/// The longest a component may take to say what its routes are.
const DESCRIBE_DEADLINE: Duration = Duration::from_secs(10);

impl Runtime {
    /// Loads the component in a file.
    ///
    /// # Errors
    /// Says what is wrong with the file, in one sentence.
    pub fn load(
        &self,
        path: &Path,
        cache: Option<&Cache>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Loaded, LoadError> {
        let name = path.display().to_string();
        // A component that is compiled already is only hashed, piece by piece.
        if let Some(cache) = cache {
            let keys = Key::of_file(self.compilers(), path).map_err(unreadable(path))?;
            for (compiler, key) in self.compilers().iter().zip(keys) {
                if let Some((artifact, compiled)) = cache.load(compiler, &key) {
                    progress(Progress::Compiled);
                    return self.finish(&name, &artifact, &compiled, true);
                }
            }
        }
        let bytes = fs::read(path).map_err(unreadable(path))?;
        self.load_bytes(&name, &bytes, cache, progress)
    }

    /// Loads what [`Runtime::precompile`] wrote. It is machine code, which nothing
    /// confines: whoever wrote the file decides what this process does.
    ///
    /// # Errors
    /// Says what is wrong with the file, in one sentence.
    pub fn load_precompiled(&self, path: &Path) -> Result<Loaded, LoadError> {
        let name = path.display().to_string();
        let artifact = Artifact::open(path).map_err(|error| match error {
            Unusable::Io(error) => unreadable(path)(error),
            Unusable::Foreign => LoadError::ForeignCode(name.clone()),
            Unusable::Damaged => LoadError::DamagedCode(name.clone()),
            Unusable::Version(_) => LoadError::OtherCode(name.clone(), error.to_string()),
        })?;
        let compiled = artifact.component(self.compiler_of(&artifact));
        let compiled = compiled.map_err(|error| {
            let why = format!("{} compiled it: {}", artifact.made_by, root_cause(&error));
            LoadError::OtherCode(name.clone(), why)
        })?;
        self.finish(&name, &artifact, &compiled, false)
    }

    /// Compiles a component for [`Runtime::load_precompiled`], and gives what writes
    /// it to a file.
    ///
    /// # Errors
    /// Says what is wrong with the file, in one sentence.
    pub fn precompile(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Loaded, impl FnOnce(&Path) -> io::Result<()> + use<>), LoadError> {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(unreadable(path))?;
        let interfaces = self.read(&name, &bytes)?;
        let artifact = self.compile(&name, &bytes, interfaces, progress)?;
        let compiled = runnable(&name, &artifact, self.compiler_of(&artifact))?;
        let loaded = self.finish(&name, &artifact, &compiled, false)?;
        Ok((loaded, move |path: &Path| {
            artifact.write(path, false).map(drop)
        }))
    }

    /// Loads a component from memory; `name` stands for it in errors.
    ///
    /// # Errors
    /// Says what is wrong with the bytes, in one sentence.
    pub fn load_bytes(
        &self,
        name: &str,
        bytes: &[u8],
        cache: Option<&Cache>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Loaded, LoadError> {
        let interfaces = self.read(name, bytes)?;
        let compiler = self.compiler(interfaces.is_concurrent());
        let key = cache.map(|cache| (cache, Key::new(compiler, bytes)));
        if let Some((cache, key)) = &key
            && let Some((artifact, compiled)) = cache.load(compiler, key)
        {
            progress(Progress::Compiled);
            return self.finish(name, &artifact, &compiled, true);
        }
        let artifact = self.compile(name, bytes, interfaces, progress)?;
        let kept = key.and_then(|(cache, key)| match cache.store(&key, &artifact) {
            Ok(kept) => Some(kept),
            Err(error) => {
                tracing::warn!(
                    folder = %cache.folder().display(),
                    %error,
                    "the compiled code cannot be cached; the next start compiles again"
                );
                None
            }
        });
        // The file is mapped, as at the next start, unless somebody removed it.
        if let Some(kept) = kept
            && let Ok(compiled) = kept.component(compiler)
            && let Ok(loaded) = self.finish(name, &kept, &compiled, false)
        {
            return Ok(loaded);
        }
        let compiled = runnable(name, &artifact, compiler)?;
        self.finish(name, &artifact, &compiled, false)
    }

    /// Reads a component's imports and exports, which must be those of a world.
    fn read(&self, name: &str, bytes: &[u8]) -> Result<Interfaces, LoadError> {
        let interfaces = Interfaces::read(name, bytes)?;
        interfaces.check_exports(name)?;
        interfaces.check_imports(name)?;
        Ok(interfaces)
    }

    /// Compiles a component.
    fn compile(
        &self,
        name: &str,
        bytes: &[u8],
        interfaces: Interfaces,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Artifact, LoadError> {
        if !self.looks_only() {
            // What is refused for certain, before a second is spent on compiling it.
            let grants = &self.capabilities().grants;
            interfaces.check_grants(name, grants, |import| !may_be_types(import))?;
        }
        progress(Progress::Compiling(bytes.len() as u64));
        let compiler = self.compiler(interfaces.is_concurrent());
        let artifact = Artifact::compile(compiler, bytes, interfaces);
        progress(Progress::Compiled);
        artifact.map_err(|error| LoadError::Invalid(name.to_owned(), format!("{error:#}")))
    }

    /// Makes an engine with room for the component, and gets it ready there. Only
    /// compiled code tells what instances need, and an engine must know that before it is
    /// there: the code is mapped twice, for the compiler and for the engine that runs it.
    fn finish(
        &self,
        name: &str,
        artifact: &Artifact,
        compiled: &Component,
        from_cache: bool,
    ) -> Result<Loaded, LoadError> {
        let interfaces = artifact.interfaces.clone();
        interfaces.check_exports(name)?;
        interfaces.check_imports(name)?;
        let is_concurrent = interfaces.is_concurrent();
        let engine =
            engine::for_component(name, compiled, &self.limits(), is_concurrent, self.tick())?;
        let component = runnable(name, artifact, &engine)?;
        let stores = self.grant(name, &interfaces, &component, &engine)?;
        let pre = link(name, &engine, &interfaces, &component)?;
        let exports = exports(name, &interfaces, &component)?;
        // The image for copy-on-write is made here, not by the first request.
        let image = component.initialize_copy_on_write_image();
        image.map_err(|error| LoadError::Invalid(name.to_owned(), format!("{error:#}")))?;
        let kind = interfaces.kind().unwrap_or(Kind::Handler);
        Ok(Loaded(Arc::new(Inner {
            interfaces,
            bytes: artifact.component_bytes,
            from_cache,
            origin: Origin {
                engine,
                pre,
                exports,
                shared: Shared {
                    kind,
                    name: name.into(),
                    limits: self.limits(),
                    global: Arc::default(),
                    capabilities: self.capabilities().clone(),
                    stores: Arc::new(stores),
                },
            },
        })))
    }

    /// Checks that what the component imports is granted, and that what is granted is
    /// there; gives the stores of keys and values.
    fn grant(
        &self,
        name: &str,
        interfaces: &Interfaces,
        component: &Component,
        engine: &Engine,
    ) -> Result<Stores, LoadError> {
        if self.looks_only() {
            return Ok(Stores::default());
        }
        let grants = &self.capabilities().grants;
        let is_used = |import: &str| {
            !may_be_types(import) || granted::imports_functions(component, engine, import)
        };
        interfaces.check_grants(name, grants, is_used)?;
        wasi::check_directories(name, grants)?;
        match interfaces
            .needs()
            .iter()
            .any(|(need, _)| *need == Need::KeyValue)
        {
            true => Stores::open(name, grants, &self.limits()),
            false => Ok(Stores::default()),
        }
    }
}

impl Runtime {
    /// The engine that compiled it, or would have.
    fn compiler_of(&self, artifact: &Artifact) -> &Engine {
        self.compiler(artifact.interfaces.is_concurrent())
    }
}

fn runnable(name: &str, artifact: &Artifact, engine: &Engine) -> Result<Component, LoadError> {
    let component = artifact.component(engine);
    component.map_err(|error| LoadError::Invalid(name.to_owned(), format!("{error:#}")))
}

/// Why a file cannot be read.
fn unreadable(path: &Path) -> impl Fn(io::Error) -> LoadError {
    |error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::NotFound(path.to_owned()),
        _ => LoadError::Unreadable(path.to_owned(), error),
    }
}

fn exports(
    name: &str,
    interfaces: &Interfaces,
    component: &Component,
) -> Result<Exports, LoadError> {
    let function = |interface: &str, function: &str| {
        let index = component.get_export_index(None, interface);
        let index = index.and_then(|index| component.get_export_index(Some(&index), function));
        index.ok_or_else(|| format!("it has no function `{function}`"))
    };
    if interfaces.kind() != Some(Kind::Handler)
        && let Some(export) = interfaces.http_export()
    {
        let wrong = |reason| LoadError::WrongHttpType(name.to_owned(), export.to_owned(), reason);
        return Ok(Exports {
            handle: function(export, "handle").map_err(wrong)?,
            describe: None,
            hooks: None,
        });
    }
    let find = |interface, name_of: &str| {
        let wrong = |reason| LoadError::WrongType(name.to_owned(), interface, reason);
        function(interface, name_of).map_err(wrong)
    };
    let hook = |kind: HookKind| find(names::HOOKS, kind.as_str());
    let hooks = match interfaces.exports_hooks() {
        false => None,
        true => Some([
            hook(HookKind::OnRequest)?,
            hook(HookKind::PreValidation)?,
            hook(HookKind::PreHandler)?,
            hook(HookKind::OnResponse)?,
            hook(HookKind::OnError)?,
        ]),
    };
    Ok(Exports {
        describe: Some(find(names::DEFINITION, "describe")?),
        handle: find(names::HANDLER, "handle")?,
        hooks,
    })
}

impl Loaded {
    /// The name it was loaded under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.origin.shared.name
    }

    /// Its imports and exports.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.0.interfaces
    }

    /// What it is written against.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.origin.shared.kind
    }

    /// Whether its machine code came from the cache.
    #[must_use]
    pub fn from_cache(&self) -> bool {
        self.0.from_cache
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.origin.shared.limits
    }

    pub(crate) fn component(&self) -> &Component {
        self.0.origin.pre.component()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes
    }

    pub(crate) async fn instantiate(&self, alive: Alive) -> wasmtime::Result<Instance> {
        Instance::new(&self.0.origin, alive).await
    }

    /// Asks the component what its routes are, in an instance that serves no
    /// request afterwards. One for `wasi:http` has none to tell: that it can be
    /// instantiated is all there is to find out.
    ///
    /// # Errors
    /// The exports have other types than the world's, or the guest traps, takes too
    /// long or says that the app is not well defined.
    pub async fn describe(&self) -> Result<Description, LoadError> {
        let name = || self.0.origin.shared.name.to_string();
        let describe = async {
            let mut instance = self
                .instantiate(Alive::new(&Arc::default()))
                .await
                .map_err(|error| LoadError::Instantiate(name(), format!("{error:#}")))?;
            self.check_types(&mut instance)?;
            let Some(describe) = &self.0.origin.exports.describe else {
                return Ok(None);
            };
            let result = instance.describe(describe).await;
            let failure = instance.end();
            match result {
                Ok(result) => result
                    .map(|described| Some(Description::from(described)))
                    .map_err(|error| LoadError::Definition(name(), one_line(&error).into_owned())),
                Err(error) => Err(LoadError::DescribeTrapped(
                    name(),
                    failure.map_or_else(|| root_cause(&error), |failure| failure.message),
                )),
            }
        };
        tokio::time::timeout(DESCRIBE_DEADLINE, describe)
            .await
            .unwrap_or(Err(LoadError::DescribeTimeout(name(), DESCRIBE_DEADLINE)))
            .map(|described| described.unwrap_or_else(|| self.undescribed()))
    }

    /// The description of a component that has none.
    fn undescribed(&self) -> Description {
        let file = Path::new(self.name()).file_stem();
        Description {
            name: file.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            ..Description::default()
        }
    }

    /// Checks the exports' types, on which every later call relies.
    fn check_types(&self, instance: &mut Instance) -> Result<(), LoadError> {
        let name = || self.0.origin.shared.name.to_string();
        let exports = &self.0.origin.exports;
        if self.0.origin.shared.kind != Kind::Handler {
            let export = self.0.interfaces.http_export().unwrap_or_default();
            let checked = match self.0.origin.shared.kind {
                Kind::Service => wasi_http::check_service(instance),
                _ => wasi_http::check_proxy(instance),
            };
            let wrong =
                |error| LoadError::WrongHttpType(name(), export.to_owned(), format!("{error:#}"));
            return checked.map_err(wrong);
        }
        let wrong = |interface| {
            move |error: wasmtime::Error| {
                LoadError::WrongType(name(), interface, format!("{error:#}"))
            }
        };
        if let Some(describe) = &exports.describe {
            instance
                .func(describe)
                .and_then(|func| func.typed::<(), DescribeResult>(&instance.store).map(drop))
                .map_err(wrong(names::DEFINITION))?;
        }
        instance
            .handle
            .typed::<(u32, &str, BodyParam<'_>), HandleResult>(&instance.store)
            .map_err(wrong(names::HANDLER))?;
        if let Some(hooks) = &exports.hooks {
            hooks::check_types(instance, hooks).map_err(wrong(names::HOOKS))?;
        }
        Ok(())
    }

    /// Checks that the component can run the hooks that its app declares.
    ///
    /// # Errors
    /// Names the route with a hook, where the component exports none.
    pub fn check_hooks(&self, app: &App) -> Result<(), LoadError> {
        let mut routes = app.routes().iter();
        match routes.find(|route| !route.hooks().is_empty()) {
            Some(route) if self.0.origin.exports.hooks.is_none() => Err(LoadError::NoHooks {
                name: self.0.origin.shared.name.to_string(),
                route: format!("{} {}", route.method(), route.pattern()),
                hook: route.hooks().iter().next().map_or("", HookKind::as_str),
            }),
            _ => Ok(()),
        }
    }

    /// Where its hooks are.
    pub(crate) fn hooks(&self) -> Option<&[ComponentExportIndex; HookKind::ALL.len()]> {
        self.0.origin.exports.hooks.as_ref()
    }
}
