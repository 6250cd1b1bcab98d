//! How the process starts and ends.

use crate::process::{LONG, Process, binary, config, listener};
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;

#[test]
fn it_says_where_it_is_and_ends_when_it_is_told() {
    let mut process = Process::start(0, &[], &[]);
    assert_eq!(process.ready["pid"], process.child.id());
    let regions = process.ready["regions"].as_object().unwrap();
    assert_eq!(regions.keys().collect::<Vec<_>>(), ["asia", "europe", "us"]);
    let pid = process.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.child.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < LONG);
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert_eq!(status.code(), Some(0));
    assert!(!process.path("ready.json").exists());
}

#[test]
fn a_wrong_configuration_is_refused_with_every_problem() {
    let folder = TempDir::new().unwrap();
    let mut wrong = config(folder.path(), 0, &[], &[]);
    wrong["links"][0]["latency_us"] = (-1).into();
    wrong["links"][1]["between"][1] = "mars".into();
    let path = folder.path().join("config.json");
    std::fs::write(&path, wrong.to_string()).unwrap();
    for check in [&[][..], &["--check"]] {
        let done = binary()
            .arg("--config")
            .arg(&path)
            .args(check)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2));
        let said = String::from_utf8(done.stderr).unwrap();
        for problem in ["links[0].latency_us", "links[1].between[1]"] {
            assert!(said.contains(problem), "{said}");
        }
    }
    assert!(!folder.path().join("ready.json").exists());
}

#[test]
fn a_port_that_is_taken_is_told() {
    let (_taken, address) = listener();
    let folder = TempDir::new().unwrap();
    let mut taken = config(folder.path(), 0, &[], &[]);
    taken["regions"][1]["listen"] = address.to_string().into();
    let path = folder.path().join("config.json");
    std::fs::write(&path, taken.to_string()).unwrap();
    let done = binary().arg("--config").arg(&path).output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.contains("regions[1].listen") && said.contains(&address.to_string()),
        "{said}"
    );
}
