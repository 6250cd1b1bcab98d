//! A network in memory: messages take a while, links can be cut one way, and a crashed peer refuses connections.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::AsyncRuntime;
use rialto_replica::{CallError, FrameSink, FrameStream, Network, ReplicaId, Serve};
use tokio::sync::mpsc;

#[derive(Default)]
struct Links {
    servers: BTreeMap<ReplicaId, (u64, Arc<dyn Serve>)>,
    lives: u64,
    cut: BTreeSet<(ReplicaId, ReplicaId)>,
    frames: u64,
}

#[derive(Clone, Default)]
pub struct Hub {
    links: Arc<Mutex<Links>>,
}

impl Hub {
    pub fn serve(&self, id: ReplicaId, server: Arc<dyn Serve>) {
        let mut links = self.links.lock().unwrap();
        links.lives += 1;
        let life = links.lives;
        links.servers.insert(id, (life, server));
    }

    pub fn kill(&self, id: ReplicaId) {
        self.links.lock().unwrap().servers.remove(&id);
    }

    pub fn cut(&self, from: ReplicaId, to: ReplicaId) {
        self.links.lock().unwrap().cut.insert((from, to));
    }

    /// Cuts a replica off from all others, or puts it back.
    pub fn isolate(&self, id: ReplicaId, cut: bool) {
        let mut links = self.links.lock().unwrap();
        for other in (1..=5).filter(|other| *other != id) {
            for link in [(id, other), (other, id)] {
                if cut {
                    links.cut.insert(link);
                } else {
                    links.cut.remove(&link);
                }
            }
        }
    }

    pub fn frames(&self) -> u64 {
        self.links.lock().unwrap().frames
    }

    fn is_cut(&self, from: ReplicaId, to: ReplicaId) -> bool {
        self.links.lock().unwrap().cut.contains(&(from, to))
    }

    fn server(&self, id: ReplicaId) -> Option<(u64, Arc<dyn Serve>)> {
        self.links.lock().unwrap().servers.get(&id).cloned()
    }
}

pub struct Net<R> {
    pub hub: Hub,
    pub id: ReplicaId,
    pub delay: Duration,
    pub runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Net<R> {
    fn clone(&self) -> Self {
        Net {
            hub: self.hub.clone(),
            id: self.id,
            delay: self.delay,
            runtime: PhantomData,
        }
    }
}

impl<R: AsyncRuntime> Net<R> {
    /// Carries frames one way while both ends live the life they lived when the stream was opened.
    fn pump(
        &self,
        (from, to): (ReplicaId, ReplicaId),
        lives: [(ReplicaId, u64); 2],
        mut input: mpsc::Receiver<Vec<u8>>,
    ) -> mpsc::Receiver<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(64);
        let (hub, delay) = (self.hub.clone(), self.delay);
        drop(R::spawn(async move {
            let alive = || {
                lives
                    .iter()
                    .all(|(id, life)| hub.server(*id).is_some_and(|(now, _)| now == *life))
            };
            loop {
                let frame = match R::timeout(Duration::from_millis(5), input.recv()).await {
                    Ok(Some(frame)) => frame,
                    Ok(None) => return,
                    Err(_) if alive() => continue,
                    Err(_) => return,
                };
                R::sleep(delay).await;
                while alive() && hub.is_cut(from, to) {
                    R::sleep(Duration::from_millis(2)).await;
                }
                hub.links.lock().unwrap().frames += 1;
                if !alive() || sender.send(frame).await.is_err() {
                    return;
                }
            }
        }));
        receiver
    }
}

fn sink(sender: mpsc::Sender<Vec<u8>>) -> FrameSink {
    Box::pin(futures_util::sink::unfold(
        sender,
        |sender, frame: Vec<u8>| async move {
            sender
                .send(frame)
                .await
                .map_err(|_| std::io::Error::other("the stream is broken"))?;
            Ok(sender)
        },
    ))
}

fn stream(mut receiver: mpsc::Receiver<Vec<u8>>) -> FrameStream {
    Box::pin(futures_util::stream::poll_fn(move |cx| {
        receiver.poll_recv(cx).map(|frame| frame.map(Ok))
    }))
}

impl<R: AsyncRuntime> Network for Net<R> {
    async fn call(
        &self,
        to: ReplicaId,
        request: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let (hub, from, delay) = (self.hub.clone(), self.id, self.delay);
        let calling = async move {
            R::sleep(delay).await;
            if hub.is_cut(from, to) {
                std::future::pending::<()>().await;
            }
            let Some((_, server)) = hub.server(to) else {
                return Err(CallError::Refused { to });
            };
            let answer = server.serve_call(from, request).await;
            R::sleep(delay).await;
            if hub.is_cut(to, from) {
                std::future::pending::<()>().await;
            }
            Ok(answer)
        };
        R::timeout(timeout, calling)
            .await
            .unwrap_or(Err(CallError::TimedOut {
                to,
                waited: timeout,
            }))
    }

    async fn open(
        &self,
        to: ReplicaId,
        hello: Vec<u8>,
    ) -> Result<(FrameSink, FrameStream), CallError> {
        R::sleep(self.delay * 2).await;
        let from = self.id;
        while self.hub.is_cut(from, to) || self.hub.is_cut(to, from) {
            R::sleep(Duration::from_millis(2)).await;
        }
        let Some((life, server)) = self.hub.server(to) else {
            return Err(CallError::Refused { to });
        };
        let own = self.hub.server(from).map_or(0, |(life, _)| life);
        let lives = [(to, life), (from, own)];
        let (there, there_in) = mpsc::channel(64);
        let (back, back_in) = mpsc::channel(64);
        let there_out = self.pump((from, to), lives, there_in);
        let back_out = self.pump((to, from), lives, back_in);
        drop(R::spawn(server.serve_stream(
            from,
            hello,
            sink(back),
            stream(there_out),
        )));
        Ok((sink(there), stream(back_out)))
    }
}
