//! The same group on the runtime of a node: tokio with one thread.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use openraft_rt_tokio::TokioRuntime;
use support::{Cluster, numbered};

#[test]
fn three_replicas_on_one_thread_of_tokio() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut cluster = Cluster::<TokioRuntime>::new(3).await;
        let leader = cluster.wait_leader().await;
        cluster.propose_all(leader, numbered("a", 0..2000)).await;
        for id in 1..=3 {
            cluster.wait_batches(id, 2000).await;
            assert_eq!(cluster.batches(id), numbered("a", 0..2000));
        }
        cluster.crash(leader);
        let next = cluster.wait_leader_but(leader).await;
        cluster.propose_all(next, numbered("b", 0..100)).await;
        cluster.start(leader).await.unwrap();
        cluster.wait_batches(leader, 2100).await;
        assert_eq!(cluster.batches(leader), cluster.batches(next));
    });
}
