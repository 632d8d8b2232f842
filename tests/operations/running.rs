// SPDX-License-Identifier: AGPL-3.0-or-later
//! The program as systemd runs it: it says that it is ready, beats, and ends when it is told.
//!
//! Rule: nobody answers it here, no homeserver and no platform; it has to run all the same.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_freeside");

/// The process, which ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn secret(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A configuration without platforms, whose homeserver nobody runs.
fn configure(folder: &Path) {
    for name in ["as_token", "hs_token", "pseudonym_secret"] {
        secret(folder, name, &format!("{name}-of-the-tests-0123456789abcdef"));
    }
    secret(folder, "store_key", &"keyoftheplaza".repeat(4));
    let [port, watch] = [(); 2].map(|()| sandbox::ports::free_port().unwrap());
    let text = format!(
        "[homeserver]\nurl = \"http://127.0.0.1:1\"\nserver_name = \"localhost\"\n\
         [appservice]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         as_token_file = \"as_token\"\nhs_token_file = \"hs_token\"\n\
         [bot]\nsource_url = \"https://example.org/freeside\"\n[store]\npath = \"store\"\n\
         [privacy]\npseudonym_secret_file = \"pseudonym_secret\"\n\
         [monitoring]\nlisten = \"127.0.0.1:{watch}\"\n"
    );
    std::fs::write(folder.join("freeside.toml"), text).unwrap();
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(folder.join("freeside.toml")).args(arguments);
    command
}

/// What the service manager hears next.
fn heard(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

#[test]
fn systemd_hears_that_the_bridge_is_ready_lives_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configure(folder);
    let notify = folder.join("notify");
    let socket = UnixDatagram::bind(&notify).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut run = program(folder, &["run"]);
    run.env("NOTIFY_SOCKET", &notify).env("WATCHDOG_USEC", "1000000").env_remove("WATCHDOG_PID");
    let mut bridge = Running(run.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let words = || std::fs::read_to_string(folder.join("log")).unwrap();
    assert_eq!(heard(&socket), "READY=1", "{}", words());
    assert_eq!([heard(&socket), heard(&socket)], ["WATCHDOG=1", "WATCHDOG=1"], "{}", words());

    let asked = program(folder, &["health"]).output().unwrap();
    let said: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!((asked.status.code(), &said["ready"]), (Some(1), &false.into()), "{said}");
    assert_eq!(said["parts"]["homeserver"], "cannot be reached");
    assert_eq!(said["parts"]["store"], "ready");
    assert!(said["parts"].get("telegram").is_none(), "{said}");
    let asked = program(folder, &["health", "--live"]).output().unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));

    let id = bridge.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let stopping = std::iter::repeat_with(|| heard(&socket)).find(|it| it != "WATCHDOG=1");
    assert_eq!(stopping.as_deref(), Some("STOPPING=1"), "{}", words());
    assert_eq!(bridge.0.wait().unwrap().code(), Some(0), "{}", words());

    let asked = program(folder, &["health"]).output().unwrap();
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(said.contains("the bridge does not answer at"), "{said}");
    let text = std::fs::read_to_string(folder.join("freeside.toml")).unwrap();
    let without = text.split("[monitoring]").next().unwrap();
    std::fs::write(folder.join("freeside.toml"), without).unwrap();
    let asked = program(folder, &["health"]).output().unwrap();
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(said.contains("the configuration has no [monitoring]"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configure(folder);
    let text = std::fs::read_to_string(folder.join("freeside.toml")).unwrap();
    let address = text.rsplit('"').nth(1).unwrap().to_owned();
    let _taken = std::net::TcpListener::bind(&address).unwrap();
    let mut run = program(folder, &["run"]);
    let ended = run.env_remove("NOTIFY_SOCKET").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    let named = format!("cannot listen at `monitoring.listen` ({address})");
    assert!(ended.status.code() == Some(1) && said.contains(&named), "{said}");
}
