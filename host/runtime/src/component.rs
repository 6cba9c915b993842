//! Loading of components.
//!
//! Loading reads a component, checks its imports and exports, compiles it or takes it from the
//! cache, links it, and calls its `describe` for the routes.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::{Description, Grants, HookKind, one_line};
use spikard_wasm_services::sql::Databases;
use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex};

use crate::abi::handler::{BodyParam, DescribeResult, HandleResult};
use crate::abi::{hooks, resumable, wasi_http};
use crate::cache::{Cache, Key};
use crate::engine::{self, Runtime};
use crate::error::{LoadError, root_cause};
use crate::granted;
use crate::granted::keyvalue::stores::Stores;
use crate::instance::{Exports, Instance, Origin};
use crate::limits::Limits;
use crate::link::link;
use crate::names;
use crate::needs::{Need, may_have_only_types};
use crate::operations::databases;
use crate::precompiled::{Artifact, ArtifactError};
use crate::state::Shared;
use crate::stats::LiveInstance;
use crate::wasi;
use crate::world::{Interfaces, Kind};

mod check;

/// A component that is ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Loaded(Arc<Inner>);

struct Inner {
    interfaces: Interfaces,
    bytes: u64,
    from_cache: bool,
    origin: Origin,
}

/// Progress of loading; a large component takes seconds to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Started to compile a component of this size in bytes.
    Compiling(u64),
    /// Finished to compile, or found the component in the cache.
    Compiled,
}

/// Maximum duration of `describe`.
const DESCRIBE_DEADLINE: Duration = Duration::from_secs(10);

impl Runtime {
    /// Loads the component in a file.
    ///
    /// # Errors
    /// The file is missing, invalid or unsupported, or lacks a grant; see [`LoadError`].
    pub fn load(
        &self,
        path: &Path,
        cache: Option<&Cache>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Loaded, LoadError> {
        let name = path.display().to_string();
        // A cached component is only hashed, in chunks, and not read into memory.
        if let Some(cache) = cache {
            let keys = Key::of_file(self.compilers(), path).map_err(read_error(path))?;
            for (compiler, key) in self.compilers().iter().zip(keys) {
                if let Some((artifact, compiled)) = cache.load(compiler, &key) {
                    progress(Progress::Compiled);
                    return self.finish(&name, &artifact, &compiled, true);
                }
            }
        }
        let bytes = fs::read(path).map_err(read_error(path))?;
        self.load_bytes(&name, &bytes, cache, progress)
    }

    /// Loads a file that [`Runtime::precompile`] wrote. The host runs its native code
    /// unsandboxed, so load only trusted files.
    ///
    /// # Errors
    /// The file is missing, invalid or of another host, or lacks a grant; see [`LoadError`].
    pub fn load_precompiled(&self, path: &Path) -> Result<Loaded, LoadError> {
        let name = path.display().to_string();
        let artifact = Artifact::open(path).map_err(|error| match error {
            ArtifactError::Io(error) => read_error(path)(error),
            ArtifactError::Foreign => LoadError::ForeignCode(name.clone()),
            ArtifactError::Damaged => LoadError::DamagedCode(name.clone()),
            ArtifactError::Version(_) => LoadError::OtherCode(name.clone(), error.to_string()),
        })?;
        let compiled = artifact.component(self.compiler_of(&artifact));
        let compiled = compiled.map_err(|error| {
            let why = format!("{} compiled it: {}", artifact.made_by, root_cause(&error));
            LoadError::OtherCode(name.clone(), why)
        })?;
        self.finish(&name, &artifact, &compiled, false)
    }

    /// Compiles a component for [`Runtime::load_precompiled`]. Returns it with a function that
    /// writes the compiled code to a file.
    ///
    /// # Errors
    /// The file is missing, invalid or unsupported; see [`LoadError`].
    pub fn precompile(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Loaded, impl FnOnce(&Path) -> io::Result<()> + use<>), LoadError> {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(read_error(path))?;
        let interfaces = self.read(&name, &bytes)?;
        let artifact = self.compile(&name, &bytes, interfaces, progress)?;
        let compiled = deserialize(&name, &artifact, self.compiler_of(&artifact))?;
        let loaded = self.finish(&name, &artifact, &compiled, false)?;
        Ok((loaded, move |path: &Path| {
            artifact.write(path, false).map(drop)
        }))
    }

    /// Loads a component from memory; `name` identifies it in errors.
    ///
    /// # Errors
    /// The component is invalid or unsupported, or lacks a grant; see [`LoadError`].
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
        let stored = key.and_then(|(cache, key)| cache.store(&key, &artifact));
        // Map the cached file, as the next start will. This fails if the file was removed.
        if let Some(stored) = stored
            && let Ok(compiled) = stored.component(compiler)
            && let Ok(loaded) = self.finish(name, &stored, &compiled, false)
        {
            return Ok(loaded);
        }
        let compiled = deserialize(name, &artifact, compiler)?;
        self.finish(name, &artifact, &compiled, false)
    }

    /// Reads and checks a component's imports and exports.
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
        if !self.is_inspect_only() {
            // Reject missing grants before compiling, as far as the import names tell.
            let grants = &self.capabilities().grants;
            interfaces.check_grants(name, grants, |import| !may_have_only_types(import))?;
        }
        progress(Progress::Compiling(bytes.len() as u64));
        let compiler = self.compiler(interfaces.is_concurrent());
        let artifact = Artifact::compile(compiler, bytes, interfaces);
        progress(Progress::Compiled);
        artifact.map_err(|error| LoadError::Invalid(name.to_owned(), format!("{error:#}")))
    }

    /// Creates an engine for the component and links the component in it. The engine's pool is
    /// sized by the compiled code, so the code is mapped twice: in the compiling engine, to read
    /// the sizes, and in the engine that runs it.
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
        let component = deserialize(name, artifact, &engine)?;
        let (stores, databases) = self.open_grants(name, &interfaces, &component, &engine)?;
        let pre = link(name, &engine, &interfaces, &component)?;
        let exports = exports(name, &interfaces, &component)?;
        // Create the copy-on-write image now instead of at the first request.
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
                    databases,
                    defaults: Arc::default(),
                },
            },
        })))
    }

    /// Checks that the component's imports are granted and that granted folders exist, and opens
    /// its key-value stores and databases.
    fn open_grants(
        &self,
        name: &str,
        interfaces: &Interfaces,
        component: &Component,
        engine: &Engine,
    ) -> Result<(Stores, Arc<Databases>), LoadError> {
        if self.is_inspect_only() {
            let databases = databases::open(name, &Grants::default(), &self.limits())?;
            return Ok((Stores::default(), databases));
        }
        let grants = &self.capabilities().grants;
        let is_used = |import: &str| {
            !may_have_only_types(import) || granted::imports_functions(component, engine, import)
        };
        interfaces.check_grants(name, grants, is_used)?;
        wasi::check_directories(name, grants)?;
        let needs = interfaces.needs();
        let needs_stores = needs.iter().any(|(need, _)| *need == Need::KeyValue);
        let has_operations = interfaces.imports_operations();
        let stores = match needs_stores || has_operations {
            true => Stores::open(name, grants, &self.limits())?,
            false => Stores::default(),
        };
        let databases = match has_operations {
            true => databases::open(name, grants, &self.limits())?,
            false => databases::open(name, &Grants::default(), &self.limits())?,
        };
        Ok((stores, databases))
    }
}

impl Runtime {
    /// Returns the engine with the settings that the artifact was compiled with.
    fn compiler_of(&self, artifact: &Artifact) -> &Engine {
        self.compiler(artifact.interfaces.is_concurrent())
    }
}

fn deserialize(name: &str, artifact: &Artifact, engine: &Engine) -> Result<Component, LoadError> {
    let component = artifact.component(engine);
    component.map_err(|error| LoadError::Invalid(name.to_owned(), format!("{error:#}")))
}

/// Maps an error of reading a file.
fn read_error(path: &Path) -> impl Fn(io::Error) -> LoadError {
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
            resumable: None,
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
    let resumable = match interfaces.exports_resumable() {
        false => None,
        true => Some([
            find(names::RESUMABLE, "resume")?,
            find(names::RESUMABLE, "cancel")?,
        ]),
    };
    Ok(Exports {
        describe: Some(find(names::DEFINITION, "describe")?),
        handle: find(names::HANDLER, "handle")?,
        hooks,
        resumable,
    })
}

impl Loaded {
    /// Returns the name under which the component was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.origin.shared.name
    }

    /// Returns the component's imports and exports.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.0.interfaces
    }

    /// Returns the interface that the app implements.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.origin.shared.kind
    }

    /// Returns true if the compiled code came from the cache.
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

    pub(crate) async fn instantiate(&self, alive: LiveInstance) -> wasmtime::Result<Instance> {
        Instance::new(&self.0.origin, alive).await
    }

    /// Calls `describe` in a new instance, which is dropped afterwards, and returns the app's
    /// description. A `wasi:http` component has no `describe`, so this only checks that it can
    /// be instantiated.
    ///
    /// # Errors
    /// An export has a wrong type, or the guest traps, exceeds 10 s or returns an error.
    pub async fn describe(&self) -> Result<Description, LoadError> {
        let name = || self.0.origin.shared.name.to_string();
        let describe = async {
            let mut instance = self
                .instantiate(LiveInstance::new(&Arc::default()))
                .await
                .map_err(|error| LoadError::Instantiate(name(), format!("{error:#}")))?;
            self.check_types(&mut instance)?;
            let Some(describe) = &self.0.origin.exports.describe else {
                return Ok(None);
            };
            let result = instance.describe(describe).await;
            let failure = instance.end(0);
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
            .map(|described| described.unwrap_or_else(|| self.default_description()))
    }

    /// Returns the description of a `wasi:http` component: the file's name without routes.
    fn default_description(&self) -> Description {
        let file = Path::new(self.name()).file_stem();
        Description {
            name: file.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            ..Description::default()
        }
    }

    /// Checks the types of the exports; later calls rely on them.
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
        if let Some(resumable) = &exports.resumable {
            resumable::check_types(instance, resumable).map_err(wrong(names::RESUMABLE))?;
        }
        Ok(())
    }

    /// Returns the exported hooks, in the order of [`HookKind::ALL`].
    pub(crate) fn hooks(&self) -> Option<&[ComponentExportIndex; HookKind::ALL.len()]> {
        self.0.origin.exports.hooks.as_ref()
    }

    /// Returns the exported functions `resume` and `cancel`.
    pub(crate) fn resumable(&self) -> Option<&[ComponentExportIndex; 2]> {
        self.0.origin.exports.resumable.as_ref()
    }
}
