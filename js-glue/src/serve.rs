//! A web server for development and tests: files of a folder, with the headers that shared memory needs. It is for this machine's browsers:
//! it listens on 127.0.0.1, answers to names of this machine only, and serves no hidden files.

mod host;
mod locate;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tower_http::services::ServeFile;

/// The largest body of a POST, in bytes: results of tests and benchmarks.
const BODY_LIMIT: usize = 64 << 20;

/// Bytes of a file that are read at one time.
const CHUNK_BYTES: usize = 1 << 20;

/// What answers a POST: path and body in, text out; the error becomes a 500.
pub type PostHandler = dyn Fn(&str, Vec<u8>) -> Result<String> + Send + Sync;

/// The headers that every answer carries.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Those that make a page cross-origin isolated, so that it gets shared memory.
    pub fn isolated() -> Headers {
        Headers::plain()
            .and("Cross-Origin-Opener-Policy", "same-origin")
            .and("Cross-Origin-Embedder-Policy", "require-corp")
            .and("Cross-Origin-Resource-Policy", "same-origin")
    }

    /// None of those.
    pub fn plain() -> Headers {
        Headers::default()
    }

    /// One more, such as a `Content-Security-Policy`.
    pub fn and(mut self, name: &str, value: &str) -> Headers {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    fn checked(&self) -> Result<HeaderMap> {
        let header = |(name, value): &(String, String)| {
            let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            parsed.with_context(|| format!("`{name}: {value}` is not a header that can be sent"))
        };
        self.0.iter().map(header).collect()
    }
}

/// What a server serves, and how.
#[derive(Clone)]
pub struct ServerOptions {
    mounts: Vec<(String, PathBuf)>,
    port: u16,
    headers: Headers,
    post: Option<Arc<PostHandler>>,
}

impl ServerOptions {
    /// Serves `dir` at `/`, isolated, on a free port.
    pub fn new(dir: impl Into<PathBuf>) -> ServerOptions {
        ServerOptions { mounts: vec![("/".to_owned(), dir.into())], port: 0, headers: Headers::isolated(), post: None }
    }

    /// Serves one more folder at a path that begins and ends with `/`. Where several hold a file, the last one wins.
    pub fn mount(mut self, path: &str, dir: impl Into<PathBuf>) -> ServerOptions {
        self.mounts.push((path.to_owned(), dir.into()));
        self
    }

    /// The port; 0 takes a free one.
    pub fn port(mut self, port: u16) -> ServerOptions {
        self.port = port;
        self
    }

    /// The headers of every answer.
    pub fn headers(mut self, headers: Headers) -> ServerOptions {
        self.headers = headers;
        self
    }

    /// What answers the POSTs of this server's own pages. Without it they are refused, as those of others are.
    pub fn post(mut self, post: impl Fn(&str, Vec<u8>) -> Result<String> + Send + Sync + 'static) -> ServerOptions {
        self.post = Some(Arc::new(post));
        self
    }
}

/// A running server. Dropping it stops it.
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts serving on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// A folder that is not there, a port that is taken, or a header that cannot be sent.
    pub fn start(options: ServerOptions) -> Result<Server> {
        for (_, dir) in &options.mounts {
            if !dir.is_dir() {
                return Err(anyhow!("there is no folder {}\n  cure: build first, or name another folder", dir.display()));
            }
        }
        let headers = options.headers.checked()?;
        let listener = TcpListener::bind(("127.0.0.1", options.port)).with_context(|| {
            format!("cannot listen on 127.0.0.1:{}\n  cure: choose another port with --port, or 0 for a free one", options.port)
        })?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, Arc::new((options, headers))) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Server { addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address of a path on it, as in `http://127.0.0.1:8080/index.html`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{}", self.addr, path.trim_start_matches('/'))
    }

    /// Blocks for ever: for a server that ends with its process.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Takes connections until this future is dropped. One thread serves them all: files are small or in the system's cache.
async fn accept(listener: TcpListener, shared: Arc<(ServerOptions, HeaderMap)>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return eprintln!("the server ends: {error}"),
    };
    loop {
        // A connection that ends before it began is its browser's business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = shared.clone();
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(answer(&shared.0, &shared.1, request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

type Reply = Response<UnsyncBoxBody<Bytes, io::Error>>;

async fn answer(options: &ServerOptions, headers: &HeaderMap, request: Request<Incoming>) -> Reply {
    let mut reply = match host::host(&request).map(str::to_owned) {
        Ok(host) => answer_as(options, &host, request).await,
        Err((status, why)) => text(status, why),
    };
    for (name, value) in headers {
        reply.headers_mut().append(name, value.clone());
    }
    reply
}

/// Answers a request to this machine, whose `Host` this is.
async fn answer_as(options: &ServerOptions, host: &str, request: Request<Incoming>) -> Reply {
    match *request.method() {
        Method::GET | Method::HEAD => file(options, request).await,
        Method::POST => match host::own_page(request.headers(), host) {
            Ok(()) => post(options, request).await,
            Err((status, why)) => text(status, why),
        },
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and POST\n".to_owned()),
    }
}

async fn file(options: &ServerOptions, request: Request<Incoming>) -> Reply {
    let url_path = request.uri().path().to_owned();
    let Some(path) = options.mounts.iter().rev().find_map(|(prefix, dir)| locate::locate(dir, url_path.strip_prefix(prefix.as_str())?))
    else {
        let why = "hidden files and links that lead out of the folder are not served";
        return text(StatusCode::NOT_FOUND, format!("no file {url_path} ({why})\n"));
    };
    let Ok(reply) = ServeFile::new(&path).with_buf_chunk_size(CHUNK_BYTES).try_call(request.map(drop)).await else {
        return text(StatusCode::NOT_FOUND, format!("cannot read {url_path}\n"));
    };
    let mut reply = reply.map(BodyExt::boxed_unsync);
    // The browser asks each time, and is told that nothing changed.
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(kind) = reply.headers_mut().get_mut(CONTENT_TYPE) {
        *kind = content_type(&path, kind);
    }
    reply
}

/// The guess from a file's name, with corrections: all text here is UTF-8, `.ts` is no film, and sources are shown and not downloaded.
fn content_type(path: &Path, guess: &HeaderValue) -> HeaderValue {
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("map") => "application/json",
        Some("mjs") => "text/javascript",
        Some("md" | "ts") => "text/plain",
        _ => guess.to_str().unwrap_or("application/octet-stream"),
    };
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    HeaderValue::try_from(kind).unwrap_or_else(|_| guess.clone())
}

async fn post(options: &ServerOptions, request: Request<Incoming>) -> Reply {
    let Some(handler) = &options.post else {
        return text(StatusCode::METHOD_NOT_ALLOWED, "this server takes no POST\n".to_owned());
    };
    let path = request.uri().path().to_owned();
    let Ok(body) = Limited::new(request.into_body(), BODY_LIMIT).collect().await else {
        return text(StatusCode::PAYLOAD_TOO_LARGE, format!("a body of up to {BODY_LIMIT} bytes\n"));
    };
    match handler(&path, body.to_bytes().to_vec()) {
        Ok(answer) => text(StatusCode::OK, answer),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")),
    }
}

fn text(status: StatusCode, text: String) -> Reply {
    let mut reply = Response::new(Full::from(text).map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn ask(server: &Server, request: &str) -> String {
        ask_as(server, &format!("{request}\r\nHost: localhost"))
    }

    fn ask_as(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        write!(stream, "{request}\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("offmain-serve-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("root")).unwrap();
        fs::write(dir.join("secret.txt"), "secret").unwrap();
        fs::write(dir.join("root/index.html"), "<p>hello").unwrap();
        fs::write(dir.join("root/a b.wasm"), "wasm").unwrap();
        dir
    }

    #[test]
    fn files_come_with_type_and_isolation() {
        let dir = folder("files");
        let server = Server::start(ServerOptions::new(dir.join("root"))).unwrap();
        let index = ask(&server, "GET / HTTP/1.1");
        assert!(index.starts_with("HTTP/1.1 200") && index.ends_with("<p>hello"), "{index}");
        assert!(
            index.contains("cross-origin-opener-policy: same-origin") && index.contains("cross-origin-embedder-policy: require-corp"),
            "{index}"
        );
        assert!(index.contains("content-type: text/html; charset=utf-8"), "{index}");
        assert!(ask(&server, "GET /a%20b.wasm?x=1 HTTP/1.1").contains("content-type: application/wasm"));
        for (name, kind) in [
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.mjs", "text/javascript; charset=utf-8"),
            ("app.css", "text/css; charset=utf-8"),
            ("app.json", "application/json"),
            ("app.js.map", "application/json"),
            ("app.d.ts", "text/plain; charset=utf-8"),
            ("README.md", "text/plain; charset=utf-8"),
            ("a.svg", "image/svg+xml"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a", "application/octet-stream"),
        ] {
            fs::write(dir.join("root").join(name), "").unwrap();
            let reply = ask(&server, &format!("GET /{name} HTTP/1.1"));
            assert!(reply.contains(&format!("content-type: {kind}\r\n")), "{name}: {reply}");
        }
        let tag = index.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        assert!(ask(&server, &format!("GET / HTTP/1.1\r\nIf-None-Match: {tag}")).starts_with("HTTP/1.1 304"));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn nothing_hidden_or_outside_the_folder_is_served() {
        let dir = folder("outside");
        fs::write(dir.join("root/.env"), "secret").unwrap();
        let server = Server::start(ServerOptions::new(dir.join("root"))).unwrap();
        for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//../secret.txt", "/.env", "/%2eenv", "/%", "/nothing"] {
            let reply = ask(&server, &format!("GET {path} HTTP/1.1"));
            assert!(reply.starts_with("HTTP/1.1 404") && !reply.ends_with("secret"), "{path}: {reply}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        let dir = folder("hosts");
        let server = Server::start(ServerOptions::new(dir.join("root")).post(|_, _| Ok("taken".to_owned()))).unwrap();
        for (request, status) in [
            ("GET / HTTP/1.1\r\nHost: LOCALHOST:1", "200"),
            ("GET / HTTP/1.1\r\nHost: [::1]:8080", "200"),
            ("GET http://localhost/ HTTP/1.1\r\nHost: localhost", "200"),
            ("GET / HTTP/1.1\r\nHost: evil.example", "403"),
            ("HEAD / HTTP/1.1\r\nHost: evil.example", "403"),
            ("OPTIONS / HTTP/1.1\r\nHost: evil.example", "403"),
            ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost", "403"),
            ("GET /nothing HTTP/1.1\r\nHost: evil.example", "403"),
            ("GET / HTTP/1.1", "400"),
            ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost", "400"),
            ("POST / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nContent-Length: 0", "403"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 0", "403"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", "403"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 0", "200"),
        ] {
            let reply = ask_as(&server, request);
            assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {reply}");
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn posts_go_to_their_handler_and_headers_can_be_chosen() {
        let dir = folder("posts");
        let options = ServerOptions::new(dir.join("root"))
            .headers(Headers::plain().and("Content-Security-Policy", "default-src 'self'"))
            .post(|path, body| if path == "/result" { Ok(format!("{} bytes", body.len())) } else { Err(anyhow!("no {path}")) });
        let server = Server::start(options).unwrap();
        let reply = ask(&server, "POST /result HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Length: 0");
        assert!(
            reply.ends_with("0 bytes") && reply.contains("content-security-policy: default-src 'self'") && !reply.contains("cross-origin"),
            "{reply}"
        );
        assert!(ask(&server, "POST /other HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0").starts_with("HTTP/1.1 500"));
        fs::remove_dir_all(dir).unwrap();
    }
}
