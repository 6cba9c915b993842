//! A Redis server for a test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a start may take.
const START: Duration = Duration::from_secs(10);

/// A Redis server on a free port, which keeps nothing on disk. It ends with the value.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    address: SocketAddr,
    password: Option<String>,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// There is no `redis-server` on the path, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts one that asks for a password.
    ///
    /// # Panics
    /// As [`Redis::start`].
    #[must_use]
    pub fn start_with(password: Option<&str>) -> Self {
        // The port may be taken before it is used.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
            let port = port.expect("a free port").port();
            if let Some(redis) = Self::start_at(port, password) {
                return redis;
            }
        }
        panic!("`redis-server` does not start on five ports in a row");
    }

    /// Starts one on a port, where it is free.
    ///
    /// # Panics
    /// There is no `redis-server` on the path.
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
            panic!("`redis-server` cannot be run ({error}): install it, as by `apt-get install redis-server`")
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

    /// The URL of a database.
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

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Asks it for something in database 0; gives the answer as it is sent.
    ///
    /// # Panics
    /// It does not answer.
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

    /// Stops it from answering, or lets it go on.
    ///
    /// # Panics
    /// The command `kill` cannot.
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
