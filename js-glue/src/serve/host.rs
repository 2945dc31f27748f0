//! Whom a request is for, and from which page a post comes: this server is for the browsers of this machine only.
//!
//! A page of `evil.example` can have its name point to 127.0.0.1 (DNS rebinding). Its requests then reach this server, and for the browser
//! the answers are of its own origin. But the name that it was called by stands in `Host`.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Request, StatusCode};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request gets no answer.
pub(super) type Refusal = (StatusCode, String);

/// The `Host` of a request, as it was sent, if this server answers to it.
pub(super) fn host<B>(request: &Request<B>) -> Result<&str, Refusal> {
    let mut hosts = request.headers().get_all(HOST).into_iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err((StatusCode::BAD_REQUEST, "a request must have one `Host` header\n".to_owned()));
    };
    let host = host.to_str().map_err(|_| refusal(&String::from_utf8_lossy(host.as_bytes())))?;
    // Where the request's first line has a whole address, that counts, too.
    let target = request.uri().authority().map(Authority::as_str);
    match [Some(host), target].into_iter().flatten().find(|name| !is_local(name)) {
        Some(foreign) => Err(refusal(foreign)),
        None => Ok(host),
    }
}

fn refusal(host: &str) -> Refusal {
    let text = format!(
        "this server answers only to `localhost` and loopback addresses, but was asked for `{}`: the page of another site could read these \
         files by a name that it makes point here\n  cure: open the address that the server printed; have a proxy before it send \
         `Host: localhost`\n",
        host.escape_default()
    );
    (StatusCode::FORBIDDEN, text)
}

/// Whether `host[:port]` is this machine, by whatever port it may have been reached.
fn is_local(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        // The last colon of an IPv6 address without a port is inside its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses a post that is not of a page of this server, which was asked for as `host`. Any page may send one, whether or not it may read
/// the answer. Browsers say where a post comes from, and no page can say otherwise.
pub(super) fn own_page(headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
    let own = match headers.get(ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|origin| origin.strip_prefix("http://").is_some_and(|of| of.eq_ignore_ascii_case(host))),
        None => headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin"),
    };
    if own {
        return Ok(());
    }
    let text = "this server takes posts from its own pages only, by their `Origin` or `Sec-Fetch-Site`\n".to_owned();
    Err((StatusCode::FORBIDDEN, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request<()> {
        let request = hosts.iter().fold(Request::builder().uri(target), |request, host| request.header(HOST, *host));
        request.body(()).unwrap()
    }

    #[test]
    fn the_names_of_this_machine_are_answered_to_whatever_the_port() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:1",
            "LocalHost.",
            "localhost.:8080",
            "localhost:",
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.8.9.1",
            "[::1]",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(super::host(&request("/", &[host])), Ok(host));
        }
    }

    #[test]
    fn any_other_name_is_refused_with_the_cure() {
        for host in [
            "evil.example",
            "evil.example:8097",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.localhost",
            "localhost..",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:80@evil.example",
            "localhost:evil.example",
            "localhost:80:80",
            "localhost/evil.example",
            "localhost, evil.example",
            "0.0.0.0",
            "0.0.0.0:8080",
            "10.0.0.1",
            "192.168.0.1:8080",
            "[::]",
            "[fe80::1]:80",
            "[::1",
            "::1",
            "[::1]x",
            "[::ffff:10.0.0.1]",
            "lоcalhost",
            "2130706433",
            "",
        ] {
            let (status, text) = super::host(&request("/", &[host])).unwrap_err();
            assert_eq!(status, StatusCode::FORBIDDEN, "{host}");
            assert!(text.contains("localhost") && text.contains("cure:"), "{text}");
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_bad_requests() {
        for hosts in [&[][..], &["localhost", "localhost"], &["localhost", "evil.example"]] {
            assert_eq!(host(&request("/", hosts)).unwrap_err().0, StatusCode::BAD_REQUEST, "{hosts:?}");
        }
        assert_eq!(host(&request("http://localhost/", &[])).unwrap_err().0, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_whole_address_in_the_first_line_must_be_of_this_machine_too() {
        assert!(host(&request("http://127.0.0.1:8080/a", &["localhost"])).is_ok());
        for target in ["http://evil.example/", "http://localhost@evil.example/", "http://evil.example@localhost/"] {
            assert_eq!(host(&request(target, &["localhost"])).unwrap_err().0, StatusCode::FORBIDDEN, "{target}");
        }
        assert!(host(&request("http://localhost/", &["evil.example"])).is_err());
    }

    #[test]
    fn posts_are_taken_from_pages_of_this_server_only() {
        let posted = |name: &'static str, value: &str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())]);
            own_page(&headers, "127.0.0.1:80").is_ok()
        };
        assert!(posted("origin", "http://127.0.0.1:80") && posted("sec-fetch-site", "same-origin"));
        for origin in
            ["null", "", "http://127.0.0.1", "http://127.0.0.1:81", "http://localhost:80", "https://127.0.0.1:80", "http://evil.example"]
        {
            assert!(!posted("origin", origin), "{origin}");
        }
        assert!(["cross-site", "same-site", "none"].iter().all(|site| !posted("sec-fetch-site", site)) && !posted("accept", "*/*"));
    }
}
