//! The three browser engines: what their programs are called and how each is started for a driver.

use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

/// A browser engine the project is tried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Engine {
    /// Chromium, driven by chromedriver.
    Chromium,
    /// Firefox ESR, which needs no driver.
    Firefox,
    /// WebKitGTK's MiniBrowser, driven by WebKitWebDriver. It stands in for Safari; it is not Safari.
    Webkit,
}

impl Engine {
    /// Every engine, in the order they are tried.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Arguments that make the driver listen on `port` of this machine only. Firefox is its own, with a profile that says so.
    pub fn driver_args(self, port: u16, profile: &Path) -> Vec<String> {
        match self {
            Self::Chromium => vec![format!("--port={port}"), "--allowed-ips=127.0.0.1".into()],
            Self::Firefox => vec!["-marionette".into(), "-no-remote".into(), "-profile".into(), profile.display().to_string()],
            Self::Webkit => vec!["--host=127.0.0.1".into(), format!("--port={port}")],
        }
    }

    /// Environment of driver and browser, beside the fresh home that every engine gets.
    pub fn environment(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Chromium => &[],
            Self::Firefox => &[("MOZ_HEADLESS", "1"), ("MOZ_CRASHREPORTER_DISABLE", "1")],
            // Without JSC_useSharedArrayBuffer an isolated page has no SharedArrayBuffer in WebKitGTK;
            // with it, a page that is not isolated has one too. The rest keeps desktop services out.
            Self::Webkit => &[
                ("JSC_useSharedArrayBuffer", "1"),
                ("LIBGL_ALWAYS_SOFTWARE", "1"),
                ("GDK_BACKEND", "x11"),
                ("GIO_USE_VFS", "local"),
                ("GSETTINGS_BACKEND", "memory"),
                ("NO_AT_BRIDGE", "1"),
            ],
        }
    }

    /// The capabilities of a new session: which program, with this fresh profile, and whether its scripts may collect garbage.
    pub fn capabilities(self, binary: &Path, profile: &Path, collecting: bool) -> Value {
        match self {
            Self::Chromium => {
                let mut args: Vec<String> = CHROMIUM_ARGS.iter().map(ToString::to_string).collect();
                args.push(format!("--user-data-dir={}", profile.display()));
                args.extend(collecting.then(|| "--js-flags=--expose-gc".to_owned()));
                json!({
                    "browserName": "chrome",
                    "goog:chromeOptions": { "binary": binary, "args": args },
                    "goog:loggingPrefs": { "browser": "ALL" },
                })
            }
            // Its profile says it all.
            Self::Firefox => json!({}),
            Self::Webkit => json!({
                "webkitgtk:browserOptions": { "binary": binary, "args": ["--automation", "--enable-write-console-messages-to-stdout=true"] },
            }),
        }
    }

    /// Whether a terminated worker stops at once. In WebKitGTK 2.50 it goes on with a wasm loop that calls no JavaScript, until
    /// the page's process ends; it stops in JavaScript and in waits.
    pub fn ends_loops(self) -> bool {
        self != Self::Webkit
    }

    /// What tells a console line of the page or a worker from the driver's own lines in its log; Chromium's come through the driver instead.
    pub fn console_mark(self) -> Option<&'static str> {
        match self {
            Self::Chromium => None,
            Self::Firefox => Some("console."),
            Self::Webkit => Some(": CONSOLE "),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const CHROMIUM_ARGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox", // refuses to start as root with it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--metrics-recording-only",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--window-size=1280,900",
];

/// Preferences that keep Firefox from calling home and from asking questions, and print the page's console where the log catches it.
/// What else suits a browser that is driven, Firefox sets by itself.
pub(crate) fn firefox_preferences(collecting: bool) -> Value {
    json!({
        "app.normandy.enabled": false,
        "app.update.enabled": false,
        "browser.dom.window.dump.enabled": true,
        "browser.newtabpage.activity-stream.feeds.topsites": false,
        "browser.aboutwelcome.enabled": false,
        "browser.safebrowsing.malware.enabled": false,
        "browser.safebrowsing.phishing.enabled": false,
        "browser.sessionstore.resume_from_crash": false,
        "browser.shell.checkDefaultBrowser": false,
        "browser.startup.homepage_override.mstone": "ignore",
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": false,
        "devtools.console.stdout.content": true,
        "dom.max_script_run_time": 0,
        // Firefox 153 ESR has trusted types, but not by default.
        "dom.security.trusted_types.enabled": true,
        "dom.testing.testutils.enabled": collecting,
        "extensions.getAddons.cache.enabled": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "services.settings.server": "data:,",
        "toolkit.telemetry.enabled": false,
    })
}
