//! How long a group of three takes no commit after its leader's process dies: over loopback TCP, journals in memory, timers as for links near
//! 0 ms, with and without the accelerated failover. `cargo bench -p rialto-replica --bench outage [-- KILLS]`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    dead_code,
    reason = "a measurement that fails has nothing to say"
)]

#[path = "../tests/over_tcp/cluster.rs"]
mod cluster;
#[path = "../tests/over_tcp/proxy.rs"]
mod proxy;

use std::time::{Duration, Instant};

use cluster::{Cluster, PATIENCE};

fn main() {
    let kills = std::env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(20_u32);
    for accelerated in [false, true] {
        let mut cluster = Cluster::start(Duration::ZERO, accelerated);
        let mut outages = Vec::new();
        for round in 0..kills {
            // Both followers are up to date, and no limit of the last time is still in force.
            let batch = format!("before {round}").into_bytes();
            let leader = cluster.commit(&batch, PATIENCE);
            for id in 1..=3 {
                cluster.wait("catching up", PATIENCE, |cluster| {
                    cluster.has(id, &batch).then_some(())
                });
            }
            std::thread::sleep(Duration::from_millis(400));
            let died = Instant::now();
            cluster.kill(leader);
            cluster.commit(format!("after {round}").as_bytes(), PATIENCE);
            outages.push(died.elapsed());
            cluster.restart(leader);
        }
        outages.sort();
        let ms =
            |outage: Option<&Duration>| outage.map_or(0.0, |outage| outage.as_secs_f64() * 1e3);
        println!(
            "accelerated {accelerated:5}: {kills} kills, outage min {:.1} ms, median {:.1} ms, p90 {:.1} ms, max {:.1} ms",
            ms(outages.first()),
            ms(outages.get(outages.len() / 2)),
            ms(outages.get(outages.len() * 9 / 10)),
            ms(outages.last()),
        );
    }
}
