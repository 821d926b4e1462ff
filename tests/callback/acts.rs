//! One act after the other: whatever is done to the listener, the honest callback is taken and answered afterwards,
//! and the port is free after the drop.

use super::support::*;
use rstest::rstest;
use std::net::Shutdown;

/// An act that sends one thing and gets one answer of a given status.
fn answered(port: u16, bytes: impl AsRef<[u8]>, expected: u16) -> Left {
    let answer = exchange(port, bytes);
    assert_eq!(status(&answer), expected, "{answer}");
    assert_hardened(&answer);
    Vec::new()
}

fn line(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn looked_ahead(port: u16, field: &str) -> Left {
    let answer = exchange(port, get(port, &honest_target(), &format!("{field}\r\n")));
    assert_eq!(status(&answer), 204);
    assert_eq!(body(&answer), "");
    assert_hardened(&answer);
    Vec::new()
}

fn other_method(port: u16, method: &str) -> Left {
    let target = honest_target();
    let answer = exchange(port, format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"));
    assert_eq!(status(&answer), 405, "{answer}");
    assert_eq!(field(&answer, "Allow"), Some("GET"));
    assert_eq!(body(&answer).is_empty(), method == "HEAD");
    assert_eq!(field(&answer, "Access-Control-Allow-Origin"), None);
    assert_hardened(&answer);
    Vec::new()
}

fn other_host(port: u16, host: &str) -> Left {
    let target = honest_target();
    answered(
        port,
        format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", host.replace("PORT", &port.to_string())),
        400,
    )
}

#[rstest]
// Connections without a request.
#[case::w02_connect_and_close(|port| leaves(port, b""))]
#[case::w02_silent_preconnect(|port| stays(port, b""))]
#[case::w02_two_preconnects(|port| many(port, 2, b""))]
#[case::w02_hundred_idle(|port| many(port, 100, b""))]
#[case::w02_three_hundred_idle(|port| many(port, 300, b""))]
#[case::w02_hundred_half_requests(|port| many(port, 100, b"GET /callback?co"))]
#[case::w02_hundred_open_heads(|port| many(port, 100, b"GET / HTTP/1.1\r\nHost: a\r\n"))]
#[case::w02_half_closed(|port| {
    let stream = connect(port);
    stream.shutdown(Shutdown::Write).unwrap();
    vec![stream]
})]
#[case::w02_thousand_short_visits(|port| (0..1000).flat_map(|_| leaves(port, b"")).collect())]
// Requests that never end or end early.
#[case::w02_half_line(|port| stays(port, b"GET /callback?code=x&sta"))]
#[case::w02_half_line_then_gone(|port| leaves(port, b"GET /callback?code=x&sta"))]
#[case::w02_half_head(|port| stays(port, b"GET /callback HTTP/1.1\r\nHost: 127.0.0.1"))]
#[case::w02_slow_loris(|port| drips(port, b"GET /callback HTTP/1.1\r\nX-A: b\r\nX-C: d\r\n"))]
#[case::w02_slow_loris_many(|port| (0..70).flat_map(|_| drips(port, b"GET / HTTP/1.1\r\nX: ")).collect())]
#[case::w02_gone_before_the_answer(|port| leaves(port, get(port, "/favicon.ico", "").as_bytes()))]
#[case::w02_two_hundred_gone_before_the_answer(|port| {
    (0..200).flat_map(|_| leaves(port, get(port, "/x", "").as_bytes())).collect()
})]
#[case::w02_never_reads(|port| many(port, 80, get(port, "/x", "").as_bytes()))]
// Too much.
#[case::w02_line_of_64_kilobytes(|port| answered(port, get(port, &format!("/callback?code={}", "a".repeat(65536)), ""), 414))]
#[case::w02_line_of_a_megabyte(|port| leaves(port, &vec![b'A'; 1 << 20]))]
#[case::w02_header_of_a_megabyte(|port| {
    leaves(port, &[b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; 1 << 20]].concat())
})]
#[case::w02_header_too_long(|port| answered(port, get(port, "/callback", &format!("X: {}\r\n", "a".repeat(70_000))), 431))]
#[case::w02_ten_thousand_headers(|port| answered(port, get(port, "/callback", &"X-Y: zz\r\n".repeat(10_000)), 431))]
#[case::w02_large_cookies_of_other_ports(|port| {
    answered(port, get(port, "/callback", &format!("Cookie: a={}\r\n", "b".repeat(30_000))), 400)
})]
#[case::w02_endless_empty_lines(|port| leaves(port, &b"\r\n".repeat(50_000)))]
// Not HTTP, or not HTTP as it should be.
#[case::tls_client_hello(|port| answered(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400))]
#[case::binary_junk(|port| answered(port, b"\x00\xff\xfe\x80\x01\x02\x03\r\n\r\n", 400))]
#[case::ssh(|port| answered(port, b"SSH-2.0-OpenSSH_9.9\r\n", 400))]
#[case::smtp(|port| answered(port, b"EHLO example.com\r\n", 400))]
#[case::http_nine(|port| answered(port, line("GET /callback\r\n\r\n"), 400))]
#[case::http_two(|port| answered(port, line("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505))]
#[case::http_one_without_host(|port| answered(port, format!("GET {} HTTP/1.0\r\n\r\n", honest_target()), 400))]
#[case::control_characters(|port| answered(port, line("GET /\x1b[2J\x07 HTTP/1.1\r\n\r\n"), 400))]
#[case::raw_unicode_path(|port| answered(port, line("GET /caf\u{e9} HTTP/1.1\r\n\r\n"), 400))]
#[case::folded_header(|port| answered(port, get(port, &honest_target(), "X: a\r\n b\r\n"), 400))]
#[case::header_without_colon(|port| answered(port, get(port, &honest_target(), "nonsense\r\n"), 400))]
#[case::space_before_colon(|port| answered(port, get(port, &honest_target(), "Cookie : a\r\n"), 400))]
#[case::huge_content_length(|port| {
    answered(port, get(port, "/callback", "Content-Length: 18446744073709551615\r\n"), 400)
})]
#[case::announced_body_that_never_comes(|port| {
    answered(port, format!("POST /callback HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\n"), 405)
})]
#[case::chunked_without_end(|port| {
    answered(port, get(port, "/callback", "Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\n", 400)
})]
#[case::expect_continue(|port| answered(port, get(port, "/callback", "Expect: 100-continue\r\n"), 400))]
#[case::odd_expectation(|port| answered(port, get(port, "/callback", "Expect: nonsense\r\n"), 400))]
#[case::upgrade(|port| {
    answered(port, get(port, "/callback", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 400)
})]
#[case::pipelined(|port| answered(port, get(port, "/a", "").repeat(50), 404))]
#[case::keep_alive(|port| answered(port, get(port, "/callback", "Connection: keep-alive\r\n"), 400))]
// Other addresses on the port.
#[case::n08_favicon(|port| answered(port, get(port, "/favicon.ico", ""), 404))]
// Rows B09, B16 of docs/callback-rows.md.
#[case::n08_root(|port| answered(port, get(port, "/", ""), 404))]
#[case::w02_well_known(|port| answered(port, get(port, "/.well-known/appspecific/com.chrome.devtools.json", ""), 404))]
#[case::n08_below(|port| answered(port, get(port, &honest_target().replace("/callback", "/callback/x"), ""), 404))]
#[case::n08_trailing_slash(|port| answered(port, get(port, &honest_target().replace("/callback", "/callback/"), ""), 404))]
#[case::n08_double_slash(|port| answered(port, get(port, &honest_target().replace("/callback", "//callback"), ""), 404))]
#[case::n08_dots(|port| answered(port, get(port, &honest_target().replace("/callback", "/a/../callback"), ""), 404))]
#[case::n08_done_too_early(|port| answered(port, get(port, "/callback/done", ""), 404))]
// Other methods.
#[case::n08_head(|port| other_method(port, "HEAD"))]
#[case::n08_options(|port| other_method(port, "OPTIONS"))]
#[case::n08_post(|port| other_method(port, "POST"))]
#[case::n08_put(|port| other_method(port, "PUT"))]
#[case::n08_delete(|port| other_method(port, "DELETE"))]
#[case::n08_invented_method(|port| other_method(port, "BREW"))]
#[case::n08_options_star(|port| {
    answered(port, format!("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), 404)
})]
#[case::n08_connect(|port| answered(port, format!("CONNECT a:443 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), 404))]
#[case::w02_private_network_preflight(|port| {
    let answer = exchange(port, format!(
        "OPTIONS {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: https://example.com\r\n\
         Access-Control-Request-Private-Network: true\r\n\r\n", honest_target()));
    assert_eq!(status(&answer), 405);
    assert!(!answer.contains("Access-Control"));
    Vec::new()
})]
// Other hosts.
#[case::b18_rebinding(|port| other_host(port, "rebind.example.com:PORT"))]
// Row N04 of docs/callback-rows.md.
#[case::b18_host_localhost(|port| other_host(port, "localhost:PORT"))]
#[case::b18_host_without_port(|port| other_host(port, "127.0.0.1"))]
#[case::b18_host_other_port(|port| other_host(port, "127.0.0.1:1"))]
#[case::b18_host_wildcard(|port| other_host(port, "0.0.0.0:PORT"))]
#[case::b18_host_longer(|port| other_host(port, "127.0.0.1:PORT.example.com"))]
#[case::b18_host_decimal(|port| other_host(port, "2130706433:PORT"))]
#[case::b18_host_empty(|port| other_host(port, ""))]
#[case::b18_no_host(|port| answered(port, format!("GET {} HTTP/1.1\r\n\r\n", honest_target()), 400))]
#[case::b18_two_hosts(|port| {
    answered(port, get(port, &honest_target(), &format!("Host: 127.0.0.1:{port}\r\n")), 400)
})]
#[case::n08_absolute_form_elsewhere(|port| {
    answered(port, get(port, &format!("http://example.com{}", honest_target()), ""), 400)
})]
// Not a person's visit.
#[case::w01_sec_purpose_prefetch(|port| looked_ahead(port, "Sec-Purpose: prefetch"))]
#[case::w01_sec_purpose_prerender(|port| looked_ahead(port, "Sec-Purpose: prefetch;prerender"))]
#[case::w01_purpose_prefetch(|port| looked_ahead(port, "Purpose: prefetch"))]
#[case::w01_x_moz_prefetch(|port| looked_ahead(port, "X-Moz: prefetch"))]
#[case::w01_safari_preview(|port| looked_ahead(port, "X-Purpose: preview"))]
#[case::script_fetch(|port| answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: cors\r\n"), 400))]
// Row B13 of docs/callback-rows.md.
#[case::image(|port| {
    answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"), 400)
})]
// Row B13 of docs/callback-rows.md.
#[case::frame(|port| {
    answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"), 400)
})]
// Other queries.
#[case::n10_no_query(|port| answered(port, get(port, "/callback", ""), 400))]
#[case::n10_code_without_state(|port| answered(port, with_query(port, "code=foreign"), 400))]
// Row B13 of docs/callback-rows.md.
#[case::n10_wrong_state(|port| answered(port, with_query(port, "code=foreign&state=other"), 400))]
#[case::n10_empty_state(|port| answered(port, with_query(port, "code=foreign&state="), 400))]
#[case::n10_state_prefix(|port| answered(port, with_query(port, &format!("code=x&state={}", &STATE[..5])), 400))]
#[case::n10_state_with_more(|port| answered(port, with_query(port, &format!("code=x&state={STATE}A")), 400))]
#[case::n10_thousand_wrong_states(|port| {
    (0..1000).flat_map(|_| answered(port, with_query(port, "code=a&state=b"), 400)).collect()
})]
#[case::f03_state_without_code(|port| answered(port, with_query(port, &format!("state={STATE}")), 400))]
#[case::f03_empty_code(|port| answered(port, with_query(port, &format!("code=&state={STATE}")), 400))]
#[case::f01_two_codes(|port| answered(port, with_query(port, &format!("code=a&code=b&state={STATE}")), 400))]
#[case::f01_two_states(|port| answered(port, with_query(port, &format!("code=a&state={STATE}&state={STATE}")), 400))]
#[case::f13_error_without_state(|port| answered(port, with_query(port, "error=access_denied"), 400))]
#[case::f13_error_with_wrong_state(|port| answered(port, with_query(port, "error=access_denied&state=x"), 400))]
#[case::code_not_text(|port| answered(port, with_query(port, &format!("code=%ff%fe&state={STATE}")), 400))]
#[case::b15_redirect_in_query(|port| {
    let answer = exchange(port, with_query(port, "code=a&state=b&redirect_uri=https://example.com/"));
    assert_eq!(field(&answer, "Location"), None);
    assert!(!answer.contains("example.com"));
    Vec::new()
})]
#[case::b17_script_in_query(|port| {
    let answer = exchange(port, with_query(port, "error=<script>alert(1)</script>&state=b"));
    assert!(!answer.contains("<script>alert"), "{answer}");
    Vec::new()
})]
fn the_honest_login_still_works_after(#[case] act: fn(u16) -> Left) {
    let listening = listen();
    let left = act(listening.bound.port);
    honest_login_works(listening);
    drop(left);
}
