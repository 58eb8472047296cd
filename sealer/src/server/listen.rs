//! The transports: a unix socket, or stdin and stdout.

use std::fs;
use std::io::{self, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Code, Outcome, SealError};
use crate::server::connection::{read_lines, Connection};
use crate::server::dispatch::Server;
use crate::server::protocol::hello;

/// Longest path of a unix socket (sockaddr_un, less the final zero).
const LONGEST_PATH: usize = 107;

/// How long a client may leave its answers unread before it counts as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the server looks whether it should end.
const LOOK_AROUND: Duration = Duration::from_millis(200);

/// Binds the socket, replacing one that no server listens on any more.
pub fn bind(path: &Path) -> Outcome<UnixListener> {
    if path.as_os_str().len() > LONGEST_PATH {
        return Err(SealError::bad_request(format!(
            "the socket's path has {} bytes, at most {LONGEST_PATH} are possible: {}",
            path.as_os_str().len(),
            path.display()
        )));
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            if UnixStream::connect(path).is_ok() {
                return Err(SealError::new(
                    Code::InUse,
                    format!("a live server listens on {}", path.display()),
                ));
            }
            fs::remove_file(path).map_err(|error| SealError::io(path, &error))?;
        }
        Ok(_) => {
            return Err(SealError::bad_request(format!(
                "{} is there and is no socket",
                path.display()
            )))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(SealError::io(path, &error)),
    }
    // For the owner alone from the first moment on; no other thread runs yet.
    // SAFETY: umask only sets a number of this process.
    let listener = unsafe {
        let mask = libc::umask(0o177);
        let listener = UnixListener::bind(path);
        libc::umask(mask);
        listener
    };
    listener.map_err(|error| SealError::io(path, &error))
}

/// Serves until it is told to end, or has been idle for `idle_exit`.
pub fn serve(
    server: &Arc<Server>,
    listener: &UnixListener,
    path: &Path,
    idle_exit: Option<Duration>,
) -> Outcome<()> {
    let fail = |error: io::Error| SealError::io(path, &error);
    listener.set_nonblocking(true).map_err(fail)?;
    let connections = Arc::new(AtomicUsize::new(0));
    let mut busy_at = Instant::now();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Err(error) = serve_stream(server, stream, &connections) {
                    log::warn!("a connection was not served: {error}");
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(listener),
            Err(error) => {
                // Out of descriptors, say: those in use go on.
                log::warn!("accept: {error}");
                thread::sleep(LOOK_AROUND);
            }
        }
        let idle = server.is_idle();
        if server.is_stopping() && idle {
            break;
        }
        if !idle || connections.load(Ordering::SeqCst) > 0 {
            busy_at = Instant::now();
        } else if idle_exit.is_some_and(|limit| busy_at.elapsed() >= limit) {
            log::info!("idle: ends");
            break;
        }
    }
    fs::remove_file(path).map_err(fail)
}

fn wait(listener: &UnixListener) {
    let mut descriptor = libc::pollfd {
        fd: listener.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry, open for the duration of the call.
    unsafe { libc::poll(&mut descriptor, 1, LOOK_AROUND.as_millis() as libc::c_int) };
}

fn serve_stream(
    server: &Arc<Server>,
    stream: UnixStream,
    connections: &Arc<AtomicUsize>,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let connection = Arc::new(Connection::new(Box::new(stream.try_clone()?)));
    let server = Arc::clone(server);
    let count = Arc::clone(connections);
    count.fetch_add(1, Ordering::SeqCst);
    let spawned = thread::Builder::new()
        .name("connection".to_string())
        .spawn(move || {
            connection.send(&hello());
            let ended = read_lines(BufReader::new(stream), |line| {
                server.handle(&connection, line)
            });
            if let Err(error) = ended {
                log::info!("a connection ended: {error}");
            }
            count.fetch_sub(1, Ordering::SeqCst);
        });
    if spawned.is_err() {
        connections.fetch_sub(1, Ordering::SeqCst);
    }
    spawned.map(drop)
}

/// Serves stdin until its end, then waits for what still runs.
pub fn stdio(server: &Arc<Server>) -> Outcome<()> {
    let connection = Arc::new(Connection::new(Box::new(io::stdout())));
    connection.send(&hello());
    read_lines(io::stdin().lock(), |line| server.handle(&connection, line))
        .map_err(|error| SealError::io(Path::new("stdin"), &error))?;
    while !server.is_idle() {
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
