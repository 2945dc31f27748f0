//! `cargo xtask demo`: photo-lab on its sample photographs in a headless browser, then served for a person to try.

mod photograph;
mod pictures;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_offmain::{Flavour, Server, ServerOptions, Step, in_words};
use offmain_browser::{Browser, Engine, Programs};
use offmain_lab::meter;
use offmain_tests_site::build_photo_lab;
use offmain_tests_site::command::{made, workspace};
use serde_json::{Value, json};

use photograph::Photograph;

/// The page has this long to work on all photographs; a user's own may be many.
const WORK_LIMIT: Duration = Duration::from_secs(3600);

/// Starting the pool takes a second or two; on a busy machine more.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How the demo is run.
#[derive(clap::Args)]
pub struct Options {
    /// End after the run instead of serving the page
    #[arg(long)]
    once: bool,

    /// The browser that works on the photographs
    #[arg(long, value_enum, default_value = "chromium")]
    engine: Engine,

    /// Also write what is printed to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Work on the photographs of this folder instead of the samples
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,

    /// The port the page is served at; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
}

/// Runs it.
pub fn run(options: &Options) -> Result<ExitCode> {
    let begin = Instant::now();
    let own = options.photos.as_deref().map(photograph::files_in).transpose()?;
    let programs = Programs::ensure(&[options.engine])?;
    let step = Step::begin("building photo-lab");
    build_photo_lab(Flavour::PlainFast)?;
    step.end();
    let folder = made("demo");
    let server = serve(options, &folder)?;
    let facts = work(options, &programs, &server, own.as_deref(), &folder, begin)?;
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&facts)?).with_context(|| format!("{} could not be written", file.display()))?;
    }
    let done = facts["photographs"].as_array().is_some_and(|all| all.iter().any(|photo| photo["outcome"] == "done"));
    ensure!(done, "no photograph came through, see above");
    if !options.once {
        println!("\nphoto-lab is served at {} (end with Ctrl-C)", server.url("/page/"));
        server.wait();
    }
    Ok(ExitCode::SUCCESS)
}

/// photo-lab's folder, the user's photographs if there are any, and a place to send pictures to.
fn serve(options: &Options, folder: &Path) -> Result<Server> {
    pictures::empty(folder)?;
    let mut server = ServerOptions::new(workspace().join("examples/photo-lab")).port(options.port);
    if let Some(photos) = &options.photos {
        server = server.mount("/user-photos/", photos);
    }
    let folder = folder.to_owned();
    Server::start(server.post(move |path, picture| pictures::save(&folder, path, &picture)))
}

fn work(options: &Options, programs: &Programs, server: &Server, own: Option<&[String]>, folder: &Path, begin: Instant) -> Result<Value> {
    let step = Step::begin(&format!("starting {}", options.engine));
    let browser = Browser::start(options.engine, programs)?;
    browser.resize(1280, 1000)?;
    browser.goto(&server.url("/page/"))?;
    let page = browser.run(READY, &[], START_LIMIT).context("photo-lab's page did not start")?;
    step.end();
    println!("photo-lab in {}, {} workers, {} after the command", text(&page, "browser"), page["workers"], in_words(begin.elapsed()));

    meter::start(&browser)?;
    let since = Instant::now();
    browser.run(ADD, &[json!(own)], START_LIMIT).context("the photographs could not be added")?;
    let photographs = follow(&browser)?;
    let took = since.elapsed();
    let held = meter::take(&browser)?;
    println!("{} photographs in {}", photographs.len(), in_words(took));
    println!("the main thread was held: {}", meter::in_words(&held));

    browser.run(SETTLE, &[], START_LIMIT)?;
    let screenshot = folder.join("screenshot.png");
    fs::write(&screenshot, browser.screenshot()?)?;
    let saved = browser.run(SAVE, &[], START_LIMIT * 10).context("the pictures could not be saved")?;
    println!("{saved} pictures and screenshot.png are in {}", folder.display());
    if options.engine == Engine::Webkit {
        println!("(WebKitGTK stands in for Safari; it is not Safari)");
    }
    Ok(json!({
        "engine": options.engine.name(),
        "browser": page["browser"],
        "workers": page["workers"],
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "photographs": photographs.iter().map(Photograph::facts).collect::<Vec<_>>(),
        "tookMs": took.as_secs_f64() * 1000.0,
        "mainThread": held,
        "pictures": saved,
        "folder": folder,
        "screenshot": screenshot,
    }))
}

/// Prints a line for each photograph as it ends, until all have.
fn follow(browser: &Browser) -> Result<Vec<Photograph>> {
    let end = Instant::now() + WORK_LIMIT;
    let mut printed = Vec::new();
    loop {
        let answer = browser.run(OVER, &[json!(printed)], START_LIMIT)?;
        for photo in answer["over"].as_array().into_iter().flatten() {
            println!("{}", Photograph::read(photo));
            printed.push(photo["id"].clone());
        }
        if answer["idle"] == true {
            let all = browser.run(OVER, &[json!([])], START_LIMIT)?;
            return Ok(all["over"].as_array().into_iter().flatten().map(Photograph::read).collect());
        }
        ensure!(Instant::now() < end, "after {} photo-lab is still at work", in_words(WORK_LIMIT));
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("?")
}

/// Waits for the pool.
const READY: &str = "
    while (!window.photoLab) await new Promise(resolve => setTimeout(resolve, 20))
    await photoLab.ready
    const browser = /(HeadlessChrome|Chrome|Firefox)\\/\\d+/.exec(navigator.userAgent)?.[0] ?? /AppleWebKit\\/[\\d.]+/.exec(navigator.userAgent)?.[0]
    return { browser, workers: document.getElementById('workers').valueAsNumber || null }";

/// Adds the samples, or the files served under /user-photos/, and does not wait for them.
const ADD: &str = "
    const [names] = args
    if (!names) {
      photoLab.addSamples({ large: true })
    } else {
      const file = async name => new File([await (await fetch(`/user-photos/${encodeURIComponent(name)}`)).blob()], name)
      photoLab.addFiles(await Promise.all(names.map(file)))
    }
    while (!photoLab.lab.photos.length) await new Promise(resolve => setTimeout(resolve, 5))";

/// Waits a second or until all is over, then tells what is over and not yet known. Touches no picture: that would be work on the main thread.
const OVER: &str = "
    const [known] = args
    const second = new Promise(resolve => setTimeout(resolve, 1000, false))
    const idle = await Promise.race([photoLab.whenIdle().then(() => true), second])
    const over = photoLab.lab.photos.filter(photo => photo.isOver && !known.includes(photo.id))
    return { idle, over: over.map(({ id, name, state, bytesIn, ms, fault, output }) =>
      ({ id, name, outcome: state, bytesIn, bytesOut: output?.avif.byteLength, ms, error: fault })) }";

/// Lets the last pictures appear before the screenshot: animations that end, and the strip's next look at the pool.
const SETTLE: &str = "
    const finite = document.getAnimations().filter(animation => animation.effect.getComputedTiming().endTime < Infinity)
    await Promise.allSettled(finite.map(animation => animation.finished))
    await new Promise(resolve => setTimeout(resolve, 1000))
    scrollTo(0, 0)";

/// Sends every picture to the server.
const SAVE: &str = "
    let saved = 0
    const safe = text => text.replace(/[^A-Za-z0-9._-]+/g, '_')
    for (const [index, { name, outputs }] of photoLab.results().entries()) {
      for (const [kind, url] of Object.entries(outputs)) {
        const picture = await (await fetch(url)).blob()
        const answer = await fetch(`/save/${index + 1}-${safe(name)}/${safe(kind)}.${safe(picture.type.replace('image/', '')) || 'bin'}`, { method: 'POST', body: picture })
        if (!answer.ok) throw new Error(await answer.text())
        saved++
      }
    }
    return saved";
