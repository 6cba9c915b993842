//! A loaded and mounted app, shared by all workers.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use spikard_wasm_app::{App, Mount};
use spikard_wasm_runtime::{Kind, Loaded};

use crate::error::ServeError;
use crate::metrics::{self, AppFigures};
use crate::policy::StaticFiles;
use crate::settings::AppSettings;

/// A loaded and mounted app. Each worker creates its own instances of it.
pub struct HostedApp {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) mount: Mount,
    pub(crate) app: Arc<App>,
    pub(crate) component: Loaded,
    pub(crate) files: StaticFiles,
    pub(crate) settings: AppSettings,
    /// The number of workers that serve the app.
    pub(crate) workers: AtomicUsize,
    /// Created when the host starts to serve the app.
    figures: OnceLock<Arc<AppFigures>>,
}

impl HostedApp {
    /// Prepares an app for serving. `name` is `None` if the host serves a single app.
    ///
    /// # Errors
    /// A folder of static files cannot be opened.
    pub fn new(
        name: Option<&str>,
        mount: Mount,
        app: Arc<App>,
        component: Loaded,
        settings: AppSettings,
    ) -> Result<Self, ServeError> {
        let root = settings.static_root.as_deref();
        Ok(Self {
            name: name.map(Arc::from),
            files: StaticFiles::open(&app, root, mount.prefix())?,
            mount,
            app,
            component,
            settings,
            workers: AtomicUsize::new(0),
            figures: OnceLock::new(),
        })
    }

    /// Returns the app's name; `None` if the host serves a single app.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the app's metrics.
    pub(crate) fn figures(&self, workers: usize) -> &Arc<AppFigures> {
        self.figures.get_or_init(|| {
            let routes = self.app.routes().iter().map(|route| route.name());
            let rest = match self.component.kind() {
                Kind::Handler => metrics::NO_ROUTE,
                Kind::Proxy | Kind::Service => metrics::ANY_ROUTE,
            };
            let outgoing = self.settings.outgoing.as_ref();
            let outgoing = outgoing.map(|outgoing| outgoing.figures().clone());
            AppFigures::new(self.name.clone(), routes, rest, outgoing, workers)
        })
    }
}
