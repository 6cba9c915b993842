//! A PostgreSQL server in a temporary folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

pub(crate) const PASSWORD: &str = "s3cret-word";
const REMEDY: &str = "PostgreSQL is not installed; run `apt-get install postgresql`";

pub(crate) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    /// Maximum size of each of its files, in bytes.
    file_size: Option<u64>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// The server that tests share while one of them runs.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Self::new();
        *shared = Arc::downgrade(&server);
        server
    }

    /// Starts a server.
    pub(crate) fn new() -> Arc<Self> {
        Self::with(None)
    }

    /// Starts a server whose files cannot grow beyond a size, as on a disk that is full.
    pub(crate) fn with_small_files(bytes: u64) -> Arc<Self> {
        Self::with(Some(bytes))
    }

    fn with(file_size: Option<u64>) -> Arc<Self> {
        let programs = programs();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let secret = folder.path().join("password");
        std::fs::write(&secret, PASSWORD).expect("a file");
        if is_root() {
            // The server refuses to run as root.
            for path in [folder.path(), &secret] {
                std::os::unix::fs::chown(path, Some(id("-u")), Some(id("-g")))
                    .expect("a new owner");
            }
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .expect("a free port")
            .local_addr()
            .expect("an address")
            .port();
        let server = Self {
            programs,
            folder,
            port,
            file_size,
            process: Mutex::new(None),
        };
        let mut initdb = server.command("initdb");
        initdb.args([
            "--username=app",
            "--auth=scram-sha-256",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        initdb
            .arg(format!("--pwfile={}", secret.display()))
            .arg("-D")
            .arg(server.data());
        let Output { status, stderr, .. } = initdb.output().expect(REMEDY);
        assert!(
            status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&stderr)
        );
        server.start();
        Arc::new(server)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://app:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Starts the server and waits until it accepts connections.
    pub(crate) fn start(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut process = self.process.lock().expect("a lock");
        loop {
            let running = match process.as_mut() {
                Some(child) => child.try_wait().expect("a status").is_none(),
                None => false,
            };
            if !running {
                // A killed server leaves processes that keep its memory for a moment: the start is repeated.
                let mut postgres = self.command("postgres");
                postgres
                    .arg("-D")
                    .arg(self.data())
                    .args(["-p", &self.port.to_string()]);
                postgres.args([
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "fsync=off",
                    "-c",
                    "max_connections=60",
                ]);
                postgres.arg("-c").arg(format!(
                    "unix_socket_directories={}",
                    self.folder.path().display()
                ));
                let log = std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(self.log())
                    .expect("a log");
                *process = Some(postgres.stderr(log).spawn().expect(REMEDY));
            }
            let mut ready = self.command("pg_isready");
            if ready
                .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
            {
                return;
            }
            let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "PostgreSQL does not start: {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the server as a power failure would.
    pub(crate) fn kill(&self) {
        if let Some(mut process) = self.process.lock().expect("a lock").take() {
            process.kill().expect("a killed server");
            process.wait().expect("a status");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, program: &str) -> Command {
        let mut words = Vec::new();
        if is_root() {
            words.extend([
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
            ]);
        }
        let limit = self.file_size.map(|bytes| format!("--fsize={bytes}"));
        if let Some(limit) = &limit {
            words.extend(["prlimit", limit]);
        }
        let path = self.programs.join(program);
        words.push(path.to_str().expect("a path"));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut process) = self
            .process
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        else {
            return;
        };
        // A fast shutdown, which also ends the server's own processes.
        let _ = Command::new("kill")
            .args(["-INT", &process.id().to_string()])
            .status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && matches!(process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// The folder with the programs of the newest installed version.
fn programs() -> PathBuf {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .filter(|output| output.status.success());
    let configured =
        configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if let Some(folder) = configured.filter(|folder| folder.join("initdb").exists()) {
        return folder;
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect(REMEDY);
    let mut folders: Vec<PathBuf> = versions
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    folders.retain(|folder| folder.join("initdb").exists());
    folders.sort_by_key(|folder| {
        let version = folder
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        version.and_then(|version| version.parse::<u32>().ok())
    });
    folders.pop().expect(REMEDY)
}

fn is_root() -> bool {
    static ROOT: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ROOT.get_or_init(|| {
        let output = Command::new("id")
            .arg("-u")
            .output()
            .expect("the program `id`");
        output.stdout.trim_ascii() == b"0"
    })
}

fn id(option: &str) -> u32 {
    let output = Command::new("id")
        .args([option, "postgres"])
        .output()
        .expect("the program `id`");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect(REMEDY)
}
