// SPDX-License-Identifier: AGPL-3.0-or-later
//! A real PostgreSQL on a socket in a temporary folder.
//!
//! Rule: nothing but the standard library, so that tests of lower crates include this file. The server
//! ends when the process ends that started it, also when that was killed. Where PostgreSQL is not
//! installed, that is said on standard error, past the capture of tests, once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where Debian keeps the programs of each version; others have them in the path.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The server, until its standard input ends; then its folder goes, too, if it is to.
const SERVE: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=200 \
    -c logging_collector=off >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT $server
wait $server
[ "$3" = remove ] && rm -rf "$2"
"#;

/// Returns when the server answers, or not within a minute.
const READY: &str = r#"
for _ in $(seq 1200); do "$1" -q -h "$2" && exit 0; sleep 0.05; done
exit 1
"#;
/// Returns when the server has gone.
const CRASH: &str = r#"kill -QUIT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.02; done"#;

/// A server of its own.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    /// The user as whom it runs, where the tests run as root, whom it refuses.
    user: Option<&'static str>,
    child: Option<Child>,
    /// Nobody drops it: its folder goes when the process has ended.
    lasting: bool,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            drop(child.wait());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The server that all tests of a process share; `None` where PostgreSQL is not installed.
pub fn shared() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::lasting(true)).as_ref()
}

impl Postgres {
    /// Starts a server; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::lasting(false)
    }

    fn lasting(lasting: bool) -> Option<Self> {
        let Some(programs) = programs() else {
            let what = "NOT RUN: the tests with PostgreSQL, which is not installed here; \
                        .ci/run installs it (apt-get install postgresql)\n";
            drop(std::io::stderr().write_all(what.as_bytes()));
            return None;
        };
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("freeside-pg-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let root = output(Command::new("id").arg("-u")).trim() == "0";
        let user = root.then_some("postgres");
        if let Some(user) = user {
            output(Command::new("chown").arg(user).arg(&folder));
        }
        let mut server = Self { programs, folder, user, child: None, lasting };
        let mut init = server.command("initdb");
        init.args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
            "-D",
        ]);
        output(init.arg(server.folder.join("data")));
        server.serve();
        Some(server)
    }

    /// Starts the server again that was stopped.
    pub fn serve(&mut self) {
        let mut serve = self.as_user("sh");
        serve.args(["-c", SERVE, "serve"]).arg(&self.programs).arg(&self.folder);
        serve.arg(if self.lasting { "remove" } else { "keep" });
        serve.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(serve.spawn().unwrap_or_else(|error| panic!("no PostgreSQL: {error}")));
        let mut ready = Command::new("sh");
        ready.args(["-c", READY, "ready"]).arg(self.programs.join("pg_isready")).arg(&self.folder);
        let ready = ready.status().is_ok_and(|status| status.success());
        assert!(ready, "PostgreSQL does not start: {}", self.log());
    }

    /// Ends it as a crash does: nothing is written any more, and all connections are lost.
    pub fn crash(&self) {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let pid = pid.unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        output(Command::new("sh").args(["-c", CRASH, "crash", &pid]));
    }

    /// What the server has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The address of an empty place of its own on this server.
    pub fn fresh(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let schema = format!("s{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE SCHEMA {schema}"));
        format!("{}?host={}&options[search_path]={schema}", self.base(), self.folder.display())
    }

    fn base(&self) -> &'static str {
        "postgres://postgres@localhost/postgres"
    }

    /// Has the server carry out a statement; what it answers, without frills.
    pub fn sql(&self, statement: &str) -> String {
        let mut psql = self.command("psql");
        psql.args(["-XAtq", "-U", "postgres", "-d", "postgres", "-c", statement, "-h"]);
        output(psql.arg(&self.folder))
    }

    fn command(&self, program: &str) -> Command {
        self.as_user(&self.programs.join(program).display().to_string())
    }

    fn as_user(&self, program: &str) -> Command {
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        let (uid, gid) = (format!("--reuid={user}"), format!("--regid={user}"));
        command.args([&uid, &gid, "--clear-groups", "--", program]).current_dir("/tmp");
        command
    }
}

/// Where `initdb` is.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.splice(0..0, std::env::split_paths(&path));
    found.into_iter().rfind(|folder: &PathBuf| Path::new(&folder.join("initdb")).exists())
}

fn output(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
