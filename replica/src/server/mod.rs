//! A replica in this process: its ports, its driver, its links, from start to shutdown.

mod command;
mod error;
mod public_threads;

pub use command::Arguments;
pub use error::{RunError, StartError};

use crate::clock::Clock;
use crate::config::{Durability, Listen, ReplicaConfig};
use crate::context::{Context, Refused};
use crate::driver::{Clients, Driver, Parts};
use crate::http::{self, Origins};
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::peers::tls::PeerTls;
use crate::peers::{self, Following, Peers};
use crate::shutdown::{Shutdown, Stop};
use crate::store::{Store, StoreError};
use hotstuff_core::replica::{Replica, Setup};
use hotstuff_kv::KvStore;
use public_threads::PublicThreads;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

/// How long a shutdown may take before what is left is cut off.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// How much of that the public port may take: more than a close with a word and its lingering.
const PUBLIC_SHUTDOWN: Duration = Duration::from_millis(1_750);

/// A replica's ports, open but not served yet: whoever needs their numbers first, for a committee
/// with free ports, begins with this.
#[derive(Debug)]
pub struct Bound {
    peer: (TcpListener, SocketAddr),
    http: (TcpListener, SocketAddr),
}

/// A replica that runs. Dropping it ends it too, but waits for nothing.
#[derive(Debug)]
pub struct Running {
    peer_address: SocketAddr,
    http_address: SocketAddr,
    stops: Stops,
    public: JoinSet<()>,
    public_threads: PublicThreads,
    links: JoinSet<()>,
    driver: oneshot::Receiver<Result<(), StoreError>>,
    reload: mpsc::Sender<()>,
}

/// The ends of a replica's parts, in the order in which they come.
#[derive(Debug)]
struct Stops {
    public: Shutdown,
    driver: Shutdown,
    links: Shutdown,
}

/// Opens a replica's ports.
///
/// # Errors
/// When one cannot be listened on.
pub async fn bind(listen: &Listen) -> Result<Bound, StartError> {
    Ok(Bound { peer: bind_one(listen.peer).await?, http: bind_one(listen.http).await? })
}

/// Starts a replica on the ports that its config names.
///
/// # Errors
/// When a port, the store or the config cannot be used.
pub async fn start(config: ReplicaConfig) -> Result<Running, StartError> {
    bind(&config.listen).await?.start(config).await
}

async fn bind_one(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

impl Bound {
    /// Where the other replicas connect.
    #[must_use]
    pub fn peer_address(&self) -> SocketAddr {
        self.peer.1
    }

    /// Where clients, observers and browsers connect.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http.1
    }

    /// Starts a replica on these ports, whatever its config says of ports.
    ///
    /// # Errors
    /// When the store or the config cannot be used.
    pub async fn start(self, config: ReplicaConfig) -> Result<Running, StartError> {
        let links = config.links;
        links.check().map_err(StartError::Links)?;
        let committee = Arc::clone(&config.committee.committee);
        let clock = Clock::start();
        let (replica, store) = open(&config, clock).await?;
        let peers = Arc::new(Peers::new(&links));
        let clients = Arc::new(Clients::default());
        let metrics = Arc::new(Metrics::default());
        let (driver, inlet, status) = Driver::new(Parts {
            replica,
            store,
            clock,
            committee: Arc::clone(&committee),
            peers: Arc::clone(&peers),
            clients: Arc::clone(&clients),
            metrics: Arc::clone(&metrics),
            observer_frames: links.observer_frames,
        });
        let (stop_public, public_stop) = Shutdown::new();
        let (stop_driver, driver_stop) = Shutdown::new();
        let (stop_links, links_stop) = Shutdown::new();
        let stops = Stops { public: stop_public, driver: stop_driver, links: stop_links };
        let committees = driver.committees();
        let driver = spawn_driver(driver, driver_stop)?;
        let farewell = Duration::from_micros(links.farewell_us.0);
        let following = {
            let known = Arc::clone(&committees.borrow());
            Following::new(config.committee, config.committee_path, &known, farewell)
        };
        let roster = following.roster();
        let context = Arc::new(Context {
            id: config.id,
            tls: PeerTls::new(&config.key, committee.cluster(), roster.clone()),
            key: config.key,
            committee,
            committees,
            origins: Origins::new(config.tls.is_some(), [], config.allowed_origins),
            roster,
            consensus: config.consensus,
            durability: config.durability,
            links,
            inlet,
            status,
            metrics,
            shows_metrics: config.metrics,
            peers,
            clients,
            client_room: Arc::new(Semaphore::new(links.clients as usize)),
            observer_room: Arc::new(Semaphore::new(links.observers as usize)),
            refused: Refused::default(),
            stop: public_stop.clone(),
        });
        let (mut public, mut tasks) = (JoinSet::new(), JoinSet::new());
        let (reload, reloads) = mpsc::channel(1);
        tasks.spawn(following.run(Arc::clone(&context), reloads, links_stop.clone()));
        let peer_listener =
            Listener::new(self.peer.0, links.peer_connections, links.peer_address_connections);
        tasks.spawn(peers::accept(Arc::clone(&context), peer_listener, links_stop));
        let public_threads = PublicThreads::start()?;
        let http_listener = public_threads.adopt(self.http.0, self.http.1)?;
        let http_listener =
            Listener::new(http_listener, links.http_connections, links.http_address_connections);
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let serving = http::serve(context, http_listener, config.tls, public_stop);
        public.spawn_on(serving, public_threads.handle());
        let (peer_address, http_address) = (self.peer.1, self.http.1);
        match config.durability {
            Durability::Sync => tracing::info!("{}: durability is sync", config.id),
            Durability::Os => tracing::warn!(
                "{}: durability is os: after a loss of power this replica may vote twice",
                config.id
            ),
        }
        tracing::info!("{} takes peers on {peer_address} and serves {scheme}://{http_address}", config.id);
        Ok(Running {
            peer_address,
            http_address,
            stops,
            public,
            public_threads,
            links: tasks,
            driver,
            reload,
        })
    }
}

/// Opens the store and brings the replica to where it was. Both may take long.
async fn open(config: &ReplicaConfig, clock: Clock) -> Result<(Replica<KvStore>, Store), StartError> {
    let setup = Setup {
        id: config.id,
        key: config.key.clone(),
        committee: Arc::clone(&config.committee.committee),
        // Whether a later committee has it is for the chain to say.
        joins_later: !config.committee.committee.contains(config.id),
        config: config.consensus,
    };
    let (data, durability) = (config.data.clone(), config.durability);
    let opening = tokio::task::spawn_blocking(move || {
        let (store, recovered) = Store::open(&data, setup.committee.cluster(), setup.id, durability)?;
        store.found(&setup.committee)?;
        let replica = Replica::new(setup, KvStore::default(), recovered, clock.now())?;
        Ok((replica, store))
    });
    opening.await.map_err(|_| StartError::Stopped)?
}

/// Gives the driver a thread of its own, for it waits for the disk.
fn spawn_driver(driver: Driver, stop: Stop) -> Result<oneshot::Receiver<Result<(), StoreError>>, StartError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(StartError::Thread)?;
    let (sender, ended) = oneshot::channel();
    let drive = move || {
        let result = runtime.block_on(driver.run(stop));
        let _ = sender.send(result);
    };
    std::thread::Builder::new().name("driver".into()).spawn(drive).map_err(StartError::Thread)?;
    Ok(ended)
}

impl Running {
    /// Where the other replicas connect.
    #[must_use]
    pub fn peer_address(&self) -> SocketAddr {
        self.peer_address
    }

    /// Where clients, observers and browsers connect.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Has the committee file read again: it may list other joiners by now, or other addresses. What cannot be
    /// used is told in the log, and then all stays as it was.
    pub fn reload(&self) {
        // Where one is waiting already, that is as good.
        let _ = self.reload.try_send(());
    }

    /// Returns when the replica ends by itself, which it does only when it cannot go on.
    pub async fn ended(&mut self) -> RunError {
        match (&mut self.driver).await {
            Ok(Err(error)) => RunError::Store(error),
            Ok(Ok(())) | Err(_) => RunError::Driver,
        }
    }

    /// Ends the replica in order: clients are told and get nothing more in; what came in until then is
    /// handled and made durable, and the store closed; the peers get what came of that, and the links are
    /// closed. Takes less than five seconds, whatever the other ends do.
    ///
    /// # Errors
    /// When the driver had failed already. The replica has ended all the same.
    pub async fn shutdown(self) -> Result<(), RunError> {
        let Self { stops, public, public_threads, links, driver, .. } = self;
        let ending = async {
            stops.public.give();
            if tokio::time::timeout(PUBLIC_SHUTDOWN, public.join_all()).await.is_err() {
                tracing::info!("clients that did not leave in time are cut off");
            }
            drop(public_threads);
            stops.driver.give();
            let result = driver.await;
            stops.links.give();
            links.join_all().await;
            result
        };
        match tokio::time::timeout(SHUTDOWN, ending).await {
            Ok(Ok(Ok(()))) => {
                tracing::info!("closed in order");
                Ok(())
            }
            Ok(Ok(Err(error))) => Err(RunError::Store(error)),
            Ok(Err(_)) => Err(RunError::Driver),
            Err(_) => {
                tracing::warn!("cut off what did not end in time");
                Ok(())
            }
        }
    }
}
