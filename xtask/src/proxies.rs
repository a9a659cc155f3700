//! A hub behind real reverse proxies, with their stock settings and what `tests/interop/proxies` adds.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::checklist::{Checklist, SuiteLines};
use crate::process::{Problem, Running, create_log, while_doing};
use crate::project::Project;
use crate::report::{self, Report};
use crate::server::{Server, ServerKind};
use crate::tools::node;
use crate::tools::proxies::Proxies;

/// What `--only` takes.
pub(crate) const PART: &str = "proxies";

const RECIPES: &str = "tests/interop/proxies";
const CHECKS: &str = "tests/interop/javascript";

/// The checks of each proxy: a step over each transport at each path.
const STEPS: [&[&str]; 3] = [
    &["kept", "stripped"],
    &["websockets", "server-sent-events", "long-polling"],
    &["start", "calls", "events", "large-events", "streams", "idling", "other-sites", "close"],
];
const START_LIMIT: Duration = Duration::from_secs(10);
/// Each connection idles for half a minute; all of them do so at once.
const LIMIT: Duration = Duration::from_secs(3 * 60);

/// A reverse proxy.
struct Proxy {
    name: &'static str,
    program: &'static str,
    recipe: &'static str,
    /// The arguments that come before the file with its configuration.
    arguments: &'static [&'static str],
}

const PROXIES: [Proxy; 4] = [
    Proxy { name: "nginx", program: "usr/sbin/nginx", recipe: "nginx.conf", arguments: &["-c"] },
    Proxy { name: "haproxy", program: "usr/sbin/haproxy", recipe: "haproxy.cfg", arguments: &["-f"] },
    Proxy {
        name: "httpd",
        program: "usr/sbin/apache2",
        recipe: "httpd.conf",
        arguments: &["-DFOREGROUND", "-f"],
    },
    Proxy {
        name: "caddy",
        program: "usr/bin/caddy",
        recipe: "Caddyfile",
        arguments: &["run", "--adapter", "caddyfile", "--config"],
    },
];

pub(crate) fn run(project: &Project, report: &mut Report) {
    report::heading("behind reverse proxies");
    let ready = Proxies::unpack(project).and_then(|proxies| {
        node::install(project, CHECKS)?;
        Ok((proxies, Server::start(project, ServerKind::This, PART)?))
    });
    let (proxies, server) = match ready {
        Ok(ready) => ready,
        Err(problem) => return report.problem(PART, &problem),
    };
    // All at once: most of the time each of them idles.
    let runs: Vec<_> = PROXIES
        .iter()
        .map(|proxy| (proxy, proxy.serve(project, &proxies, &server.hub_url())))
        .map(|(proxy, served)| (proxy, served.and_then(|served| proxy.check(project, served))))
        .collect();
    for (proxy, run) in runs {
        match run {
            Ok(checked) => proxy.report(project, checked, report),
            Err(problem) => report.problem(proxy.name, &problem),
        }
    }
    if let Err(problem) = server.stop() {
        report.problem(format_args!("{PART}: the server"), &problem);
    }
}

/// A proxy that serves, and where.
struct Served {
    proxy: Running,
    origin: String,
}

/// The checks of a proxy that serves.
struct Checked {
    /// Ends with this value.
    _proxy: Running,
    checks: Running,
}

impl Proxy {
    /// Starts the proxy in front of the hub at `hub_url`, and waits until it accepts connections.
    fn serve(&self, project: &Project, proxies: &Proxies, hub_url: &str) -> Result<Served, Problem> {
        let folder = project.tool("proxies-running").join(self.name);
        fs::create_dir_all(&folder).map_err(while_doing(format!("cannot make {}", folder.display())))?;
        let port = free_port()?;
        let configuration = self.configuration(project, proxies.root(), &folder, port, hub_url)?;
        let log = project.log(&format!("proxy-{}", self.name));
        let mut command = proxies.program(self.program);
        command.args(self.arguments).arg(configuration).env("HOME", &folder);
        let output = create_log(&log)?;
        let errors = output.try_clone().map_err(while_doing("cannot share a log"))?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let proxy = Running::start_with_its_children(&mut command)?;
        if accepts_connections(port) {
            Ok(Served { proxy, origin: format!("http://127.0.0.1:{port}") })
        } else {
            Err(Problem::Failed {
                reason: format!("{} does not accept connections", self.name),
                log: Some(log),
            })
        }
    }

    /// Writes the recipe with what is only known now.
    fn configuration(
        &self,
        project: &Project,
        root: &Path,
        folder: &Path,
        port: u16,
        hub_url: &str,
    ) -> Result<std::path::PathBuf, Problem> {
        let recipe = project.path(RECIPES).join(self.recipe);
        let text =
            fs::read_to_string(&recipe).map_err(while_doing(format!("cannot read {}", recipe.display())))?;
        let server = hub_url.trim_start_matches("http://").trim_end_matches("/hub");
        let text = text
            .replace("@PORT@", &port.to_string())
            .replace("@SERVER@", server)
            .replace("@ROOT@", &root.display().to_string())
            .replace("@FOLDER@", &folder.display().to_string());
        let configuration = folder.join(self.recipe);
        fs::write(&configuration, text)
            .map_err(while_doing(format!("cannot write {}", configuration.display())))?;
        Ok(configuration)
    }

    /// Starts the checks.
    fn check(&self, project: &Project, served: Served) -> Result<Checked, Problem> {
        let mut checks = Command::new("node");
        checks.arg("proxies.mjs").arg(self.name).arg(&served.origin).current_dir(project.path(CHECKS));
        checks.stdin(Stdio::null()).stdout(create_log(&self.log(project))?);
        checks.stderr(create_log(&project.log(&format!("proxies-{}-errors", self.name)))?);
        Ok(Checked { checks: Running::start(&mut checks)?, _proxy: served.proxy })
    }

    /// Waits for the checks and counts them.
    fn report(&self, project: &Project, mut checked: Checked, report: &mut Report) {
        let status = checked.checks.wait(LIMIT);
        let log = self.log(project);
        let output = fs::read(&log).map_err(while_doing(format!("cannot read {}", log.display())));
        let (status, output) = match (status, output) {
            (Ok(status), Ok(output)) => (status, output),
            (Err(problem), _) | (_, Err(problem)) => return report.problem(self.name, &problem),
        };
        let lines = SuiteLines::read(self.name, &String::from_utf8_lossy(&output));
        lines.report(self.name, report);
        lines.report_gaps(self.name, &Checklist::of_parts(&STEPS), ServerKind::This, report);
        if lines.is_empty() || status.success() == lines.any_failed() {
            report.fail(self.name, format_args!("the checks ended with {status}"));
            report::show_log(&project.log(&format!("proxies-{}-errors", self.name)));
        }
    }

    fn log(&self, project: &Project) -> std::path::PathBuf {
        project.log(&format!("proxies-{}", self.name))
    }
}

/// A port that nobody has just now.
fn free_port() -> Result<u16, Problem> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    Ok(address.map_err(while_doing("cannot get a port"))?.port())
}

/// Whether somebody accepts connections there in time.
fn accepts_connections(port: u16) -> bool {
    let give_up = Instant::now() + START_LIMIT;
    while Instant::now() < give_up {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}
