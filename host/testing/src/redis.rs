//! Redis server for tests.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum duration of a start.
const START: Duration = Duration::from_secs(10);

/// A Redis server without persistence. Dropping it kills the process.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    address: SocketAddr,
    password: Option<String>,
}

impl Redis {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// Panics if `redis-server` is not on the `PATH`, or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts a server on a free port. It requires a password if one is given.
    ///
    /// # Panics
    /// Panics in the same cases as [`Redis::start`].
    #[must_use]
    pub fn start_with(password: Option<&str>) -> Self {
        // Another process may bind the port before Redis does: retry.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
            let port = port.expect("a free port").port();
            if let Some(redis) = Self::start_at(port, password) {
                return redis;
            }
        }
        panic!("`redis-server` does not start on five ports in a row");
    }

    /// Starts a server on a given port. Returns `None` if the server does not start, such
    /// as when the port is in use.
    ///
    /// # Panics
    /// Panics if `redis-server` is not on the `PATH`.
    #[must_use]
    pub fn start_at(port: u16, password: Option<&str>) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--daemonize", "no", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(password) = password {
            command.args(["--requirepass", password]);
        }
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("`redis-server` cannot be run ({error}): install it, for example with `apt-get install redis-server`")
        });
        let mut redis = Self {
            child,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            password: password.map(str::to_owned),
        };
        let start = Instant::now();
        while start.elapsed() < START {
            if let Ok(Some(_)) = redis.child.try_wait() {
                return None;
            }
            if redis
                .try_ask(&["PING"])
                .is_ok_and(|answer| answer.starts_with("+PONG"))
            {
                return Some(redis);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Returns the URL of a database.
    #[must_use]
    pub fn url(&self, database: u8) -> String {
        let user = self
            .password
            .as_ref()
            .map(|password| format!(":{password}@"));
        format!(
            "redis://{}{}/{database}",
            user.unwrap_or_default(),
            self.address
        )
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sends a command in database 0 and returns the raw reply.
    ///
    /// # Panics
    /// Panics if the server does not reply.
    pub fn ask(&self, words: &[&str]) -> String {
        self.try_ask(words).expect("Redis answers")
    }

    fn try_ask(&self, words: &[&str]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let auth: Vec<&str> = self.password.iter().flat_map(|it| ["AUTH", it]).collect();
        let commands = [auth.as_slice(), words, &["QUIT"]];
        for words in commands.iter().filter(|words| !words.is_empty()) {
            write!(stream, "*{}\r\n", words.len())?;
            for word in *words {
                write!(stream, "${}\r\n{word}\r\n", word.len())?;
            }
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if self.password.is_some() {
            answer = answer.replacen("+OK\r\n", "", 1);
        }
        Ok(answer.trim_end_matches("+OK\r\n").to_owned())
    }

    /// Sends a signal to the server, such as `STOP` to suspend it and `CONT` to resume it.
    ///
    /// # Panics
    /// Panics if the command `kill` fails.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}"))
            .arg(self.child.id().to_string());
        assert!(kill.status().is_ok_and(|status| status.success()));
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
