//! A stand, a login, and a time in which nobody waits.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokenward::core::GrantId;
use tokenward::{
    ApiClient, ApiOptions, Call, CallOptions, Caller, FetchFault, Fetcher, Identity, NamedHost, Session, SystemEntropy,
};
use tokenward_emulator::{DocumentTree, NodeTree, Sandbox, SandboxOptions};
use tokenward_testkit::{Stand, login_request};
use tokenward_wiki::{
    Error, Fetch, Manuscript, Notice, PageLocation, PageObserver, PageStep, Reading, Report, Store, Timer, Wiki, Wishes,
};
use url::Url;

pub(crate) const SCOPES: &str = "wiki:space:read wiki:node:create wiki:node:read wiki:node:retrieve wiki:node:move docx:document:write_only \
                      docx:document:readonly docx:document.block:convert docs:document.media:upload docs:document:import";
/// The host in the addresses of pages.
pub(crate) const HOST: &str = "www.feishu.cn";

/// A run knows nothing of the writes of the one before. What both did would reach the provider's limit within its second, and a limit is
/// waited out for real.
const BETWEEN_RUNS: Duration = Duration::from_secs(1);

pub(crate) struct World {
    session: Session,
    grant: GrantId,
    /// How patient calls are.
    patience: Mutex<ApiOptions>,
    stand: Stand,
}

impl Deref for World {
    type Target = Stand;

    fn deref(&self) -> &Stand {
        &self.stand
    }
}

/// Waiting makes time pass for everyone, at once.
#[async_trait]
impl Timer for World {
    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.sandbox.now().milliseconds()).unwrap())
    }

    async fn sleep(&self, pause: Duration) {
        self.pass(pause);
    }
}

struct Web(Fetcher);

#[async_trait]
impl Fetch for Web {
    async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
        self.0.fetch(url, longest).await
    }
}

/// What a run is told to do at its steps.
#[derive(Default)]
pub(crate) struct Script {
    /// Dies at the step with this number, counted from zero.
    pub(crate) dies_at: Option<usize>,
    /// Dies at the first of these.
    pub(crate) dies_at_step: Option<PageStep>,
    /// Runs this at each step.
    pub(crate) at: Option<Box<dyn Fn(PageStep) + Send + Sync>>,
    pub(crate) count: AtomicUsize,
    pub(crate) seen: Mutex<Vec<PageStep>>,
    pub(crate) notices: Mutex<Vec<Notice>>,
}

/// What a killed run leaves: nothing that was not on disk.
struct Killed;

impl PageObserver for Script {
    fn at(&self, step: PageStep) {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().unwrap().push(step);
        if let Some(at) = &self.at {
            at(step);
        }
        if self.dies_at == Some(number) || self.dies_at_step == Some(step) {
            // Unwinding frees the file's lock, as the end of a process does; nothing else is tidied up by anyone.
            std::panic::resume_unwind(Box::new(Killed));
        }
    }

    fn notice(&self, notice: Notice) {
        self.notices.lock().unwrap().push(notice);
    }
}

impl Script {
    pub(crate) fn steps(&self) -> Vec<PageStep> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap().clone()
    }
}

impl World {
    pub(crate) async fn new() -> Arc<Self> {
        Self::with_scopes(SCOPES).await
    }

    pub(crate) async fn with_scopes(scopes: &str) -> Arc<Self> {
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(11), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let session = stand.session(|options| options).await.unwrap();
        let request = login_request(scopes);
        let grant = stand.log_in(session.keeper(), &"work".parse().unwrap(), request).await.unwrap().report.grant.id;
        Arc::new(Self { session, grant, patience: Mutex::default(), stand })
    }

    /// Calls are sent once and wait for no limit, so that a fault strikes at once.
    pub(crate) fn hasty(&self) {
        *self.patience.lock().unwrap() = ApiOptions::default().patience(Duration::ZERO).repeats(0);
    }

    /// Writes a file of the person's.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("files").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn client(&self) -> ApiClient {
        self.session.api(
            self.app.clone(),
            Identity::User(self.grant),
            CallOptions::default(),
            *self.patience.lock().unwrap(),
        )
    }

    /// Calls wait for limits again.
    pub(crate) fn patient(&self) {
        *self.patience.lock().unwrap() = ApiOptions::default();
    }

    /// A call of the test's own.
    pub(crate) async fn call(&self, call: Call) -> serde_json::Value {
        self.client().call(call).await.unwrap().data().unwrap()
    }

    pub(crate) async fn create(self: &Arc<Self>, file: &Path, script: &Arc<Script>) -> Result<Report, Error> {
        self.create_with(file, script, Wishes::default()).await.expect("the run is not killed")
    }

    /// Runs `create` into the personal space; `None` when the run was killed.
    pub(crate) async fn create_with(
        self: &Arc<Self>,
        file: &Path,
        script: &Arc<Script>,
        wishes: Wishes,
    ) -> Option<Result<Report, Error>> {
        let place = PageLocation::read(true, None, None).unwrap();
        self.pass(BETWEEN_RUNS);
        let (world, script, file) = (Arc::clone(self), Arc::clone(script), file.to_owned());
        survive(async move {
            let manuscript = Manuscript::read(&file, &Reading::default())?;
            world.with_wiki(&*script, async |wiki| wiki.create(&manuscript, &place, wishes).await).await
        })
        .await
    }

    pub(crate) async fn update(
        self: &Arc<Self>,
        file: &Path,
        script: &Arc<Script>,
        force: bool,
    ) -> Option<Result<Report, Error>> {
        self.pass(BETWEEN_RUNS);
        let (world, script, file) = (Arc::clone(self), Arc::clone(script), file.to_owned());
        survive(async move {
            let manuscript = Manuscript::read(&file, &Reading::default())?;
            world.with_wiki(&*script, async |wiki| wiki.update(&manuscript, None, force).await).await
        })
        .await
    }

    pub(crate) async fn with_wiki<T>(&self, watch: &dyn PageObserver, run: impl AsyncFnOnce(&Wiki<'_>) -> T) -> T {
        let client = self.client();
        let wiki = Wiki {
            store: Store::new(self.folder.path()),
            owner: "work".to_owned(),
            host: HOST.to_owned(),
            caller: &client,
            fetch: &Web(Fetcher::default().also_from(NamedHost::parse("127.0.0.1"))),
            timer: self,
            clock: &*self.clock,
            entropy: &SystemEntropy,
            watch,
        };
        run(&wiki).await
    }

    /// Runs as a process that may be killed; `None` when it was.
    pub(crate) async fn survive<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> Option<T> {
        survive(run).await
    }

    /// Every page of every space.
    pub(crate) fn pages(&self) -> Vec<NodeTree> {
        let mut pages = Vec::new();
        let mut open: Vec<NodeTree> = self.sandbox.spaces().into_iter().flat_map(|space| space.nodes).collect();
        while let Some(node) = open.pop() {
            open.extend(node.children.clone());
            pages.push(node);
        }
        pages
    }

    /// The document of the only page there is.
    pub(crate) fn only_page(&self) -> DocumentTree {
        let pages = self.pages();
        assert_eq!(pages.len(), 1, "{pages:#?}");
        self.sandbox.document(&pages[0].document_id).unwrap()
    }

    /// What is remembered, as text.
    pub(crate) fn remembered(&self) -> String {
        let mut text = String::new();
        let mut open = vec![self.folder.path().join("wiki")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    text.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
                }
            }
        }
        text
    }
}

/// Runs as a process that may be killed.
async fn survive<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> Option<T> {
    match tokio::spawn(run).await {
        Ok(value) => Some(value),
        Err(error) => {
            let panic = error.into_panic();
            if panic.is::<Killed>() {
                return None;
            }
            std::panic::resume_unwind(panic)
        }
    }
}

/// A picture like no other.
pub(crate) fn picture(n: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(format!("picture {n}").bytes());
    bytes.extend(vec![u8::try_from(n % 251).unwrap(); 100 + n * 7]);
    bytes
}

/// A web server for pictures; what is not there is 404. Counts requests.
pub(crate) fn web(pictures: Vec<(&'static str, Vec<u8>)>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            assert!(!request.to_ascii_lowercase().contains("authorization"), "no token goes to the web: {request}");
            count.fetch_add(1, Ordering::SeqCst);
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let found = pictures.iter().find(|(name, _)| *name == path);
            let (status, body) = found.map_or(("404 Not Found", &[][..]), |(_, bytes)| ("200 OK", &bytes[..]));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    (address, asked)
}
