//! The program against a small venue of the test's own: what it sends, that it goes on after a lost connection, how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod common;

use common::{Plan, last_json, start};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

#[test]
fn a_flow_ends_with_its_figures() {
    let run = start(1, None);
    let status = run.folder.path().join("status.json");
    let mut command = run.flow(&[
        "--session",
        "FLOW01",
        "--rate",
        "200",
        "--seconds",
        "2",
        "--resting-orders",
        "50",
        "--progress",
    ]);
    let output = command.arg("--status-file").arg(&status).output().unwrap();
    let end = last_json(&output);
    assert!(output.status.success());
    let venue = run.venue.lock().unwrap();
    assert_eq!(end["accepted"], venue.entered.len());
    assert!(end["orders"].as_u64().unwrap() > 100, "{end}");
    assert!(end["rejected"]["Halted"].as_u64().unwrap() >= 1, "{end}");
    assert_eq!(end["latency_ns"]["count"], end["accepted"]);
    assert_eq!(end["unanswered"], 0);
    assert_eq!(end["resting"], venue.live.len());
    assert_eq!(end["reconnects"], 0);
    let second: serde_json::Value =
        serde_json::from_slice(&std::fs::read(status).unwrap()).unwrap();
    assert!(second["orders"].as_u64().unwrap() > 0);
}

#[test]
fn a_lost_connection_is_taken_up_again_and_nothing_is_lost_or_done_twice() {
    let plan = Plan {
        after: 120,
        forgotten: 0,
        death: None,
    };
    let run = start(1, Some(plan));
    let output = run
        .flow(&["--username", "FLOW01", "--rate", "200", "--seconds", "2"])
        .output()
        .unwrap();
    let end = last_json(&output);
    let venue = run.venue.lock().unwrap();
    assert_eq!(end["reconnects"], 1);
    assert_eq!(end["unanswered"], 0, "{end}");
    assert_eq!(end["accepted"], venue.entered.len());
    assert_eq!(venue.logins.len(), 2);
    assert!(venue.logins[1] > 1, "it logs in with its next number");
}

#[test]
fn a_wrong_password_and_a_missing_login_are_told() {
    let run = start(1, None);
    for (name, text) in [
        ("BAD", "refuses the login of BAD"),
        ("NOBODY", "no password for NOBODY"),
    ] {
        let output = run.flow(&["--username", name]).output().unwrap();
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(text), "{error}");
        assert!(!error.contains("wrong"), "a password is never shown");
    }
    let output = run
        .flow(&["--username", "FLOW01", "--instrument", "BARK:0:1:5"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("tick size")
    );
}

#[test]
fn asked_to_end_it_ends_with_its_figures() {
    let run = start(1, None);
    let mut child = run
        .flow(&["--username", "FLOW01", "--seconds", "600", "--progress"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let killed = Command::new("kill")
        .arg("-TERM")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    let last = lines.map_while(Result::ok).last().unwrap();
    assert!(child.wait().unwrap().success());
    let end: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert!(end["accepted"].as_u64().unwrap() > 0);
}

/// An echo of the test's, ended with it.
struct Echo {
    server: Child,
    address: String,
}

impl Echo {
    fn start(file: &Path, peers: &[&Echo]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto-load"));
        command.args(["echo", "--file"]).arg(file);
        for peer in peers {
            command.args(["--peer", &peer.address]);
        }
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["echo"].as_str().unwrap().to_owned();
        Self { server, address }
    }

    fn measure(&self) -> serde_json::Value {
        last_json(&self.try_measure())
    }

    fn try_measure(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_rialto-load"))
            .args(["echo", "--to", &self.address, "--rate", "200"])
            .args(["--seconds", "1"])
            .output()
            .unwrap()
    }

    fn end(mut self) {
        let killed = Command::new("kill")
            .arg("-TERM")
            .arg(self.server.id().to_string())
            .status()
            .unwrap();
        assert!(killed.success() && self.server.wait().unwrap().success());
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // One that has ended is gone already.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[test]
fn an_echo_answers_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let echo = Echo::start(&folder.path().join("echo"), &[]);
    let figures = echo.measure();
    echo.end();
    assert_eq!(figures["sent"], figures["answered"]);
    assert!(figures["sent"].as_u64().unwrap() >= 150);
}

#[test]
fn an_echo_with_peers_answers_what_a_majority_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let first = Echo::start(&file("first"), &[]);
    let second = Echo::start(&file("second"), &[]);
    let echo = Echo::start(&file("echo"), &[&first, &second]);
    let figures = echo.measure();
    assert_eq!(figures["sent"], figures["answered"]);
    let written = std::fs::read(file("echo")).unwrap();
    assert!(written.iter().any(|byte| *byte != 0));
    assert_eq!(written, std::fs::read(file("first")).unwrap());
    // One peer is enough, none is not.
    first.end();
    let figures = echo.measure();
    assert_eq!(figures["sent"], figures["answered"]);
    second.end();
    drop(echo.try_measure());
    let mut echo = echo;
    assert!(!echo.server.wait().unwrap().success());
}
