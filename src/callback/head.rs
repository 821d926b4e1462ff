//! The head of an HTTP request, read strictly and within bounds (RFC 9112 sections 2 and 3).
//!
//! Pure and incremental: bytes go in as they come, and the verdict is there as soon as it can be. Only
//! the fields that the listener looks at are kept, so cookies and other baggage go no further.

/// Longest request line in bytes. A code of 8 kB fits, with every byte of it percent-encoded.
pub(super) const LINE_LIMIT: usize = 32 * 1024;
/// Longest head in bytes. Generous: browsers send every cookie set for 127.0.0.1, whatever the port.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;

/// Fields that the listener looks at, lower-case.
const KEPT: [&str; 8] = [
    "host",
    "purpose",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    "x-moz",
    "x-purpose",
];

/// A complete head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub method: String,
    pub target: String,
    /// Lower-case names from [`KEPT`], values without the white space around them, in order.
    pub fields: Vec<(String, String)>,
}

impl Head {
    /// Values of a field by its lower-case name, in order.
    pub(super) fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(kept, _)| kept == name).map(|(_, value)| value.as_str())
    }
}

/// Why bytes are not an acceptable head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadHead {
    /// A TLS handshake: the address was opened with `https://`.
    Tls,
    /// Not HTTP/1 at all.
    NotHttp,
    /// HTTP of another version.
    Version,
    /// The request line is longer than [`LINE_LIMIT`].
    LineTooLong,
    /// The head is longer than [`HEAD_LIMIT`].
    TooLarge,
    /// A field line that RFC 9112 does not allow, or a second `Host`.
    Malformed,
}

/// How far reading is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Complete(Head),
    Bad(BadHead),
}

/// Takes the bytes of one connection.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    line: Vec<u8>,
    total: usize,
    head: Option<Head>,
}

impl HeadReader {
    /// Whether anything has come yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.total == 0
    }

    /// Takes the next bytes. What follows a complete head is not looked at.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Progress {
        for &byte in bytes {
            self.total += 1;
            if self.total > HEAD_LIMIT {
                return Progress::Bad(BadHead::TooLarge);
            }
            if byte != b'\n' {
                if self.head.is_none() {
                    if self.line.is_empty() && byte == 0x16 {
                        return Progress::Bad(BadHead::Tls);
                    }
                    // A request line is printable ASCII; junk need not be read to its end.
                    if !(byte == b'\r' || byte == b' ' || byte.is_ascii_graphic()) {
                        return Progress::Bad(BadHead::NotHttp);
                    }
                    if self.line.len() >= LINE_LIMIT {
                        return Progress::Bad(BadHead::LineTooLong);
                    }
                }
                self.line.push(byte);
                continue;
            }
            // A single LF ends a line too (RFC 9112 section 2.2 allows it). That is safe here: the head
            // is written anew before it goes on, and a connection carries one request.
            let mut line = std::mem::take(&mut self.line);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            match self.take_line(&line) {
                Ok(None) => {}
                Ok(Some(head)) => return Progress::Complete(head),
                Err(bad) => return Progress::Bad(bad),
            }
        }
        Progress::More
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Head>, BadHead> {
        let Some(head) = &mut self.head else {
            // Empty lines before the request line are to be ignored (RFC 9112 section 2.2).
            if !line.is_empty() {
                self.head = Some(request_line(line)?);
            }
            return Ok(None);
        };
        if line.is_empty() {
            return Ok(Some(std::mem::take(head)));
        }
        if let Some((name, value)) = field_line(line)? {
            if name == "host" && head.fields.iter().any(|(kept, _)| kept == "host") {
                return Err(BadHead::Malformed);
            }
            head.fields.push((name, value));
        }
        Ok(None)
    }
}

/// RFC 9112 section 3: method, one space, target, one space, version.
fn request_line(line: &[u8]) -> Result<Head, BadHead> {
    let line = std::str::from_utf8(line).map_err(|_| BadHead::NotHttp)?;
    let parts: Vec<&str> = line.split(' ').collect();
    let &[method, target, version] = parts.as_slice() else {
        return Err(BadHead::NotHttp);
    };
    let tidy = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !method.bytes().all(is_token) || method.is_empty() || !tidy(target) || !tidy(version) {
        return Err(BadHead::NotHttp);
    }
    match version {
        "HTTP/1.1" | "HTTP/1.0" => {
            Ok(Head { method: method.to_owned(), target: target.to_owned(), fields: Vec::new() })
        }
        other if other.starts_with("HTTP/") => Err(BadHead::Version),
        _ => Err(BadHead::NotHttp),
    }
}

/// RFC 9112 section 5. `None`: well formed, and of no interest.
fn field_line(line: &[u8]) -> Result<Option<(String, String)>, BadHead> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or(BadHead::Malformed)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    // This refuses white space before the colon and folded lines as well, which smuggle requests.
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(BadHead::Malformed);
    }
    if value.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
        return Err(BadHead::Malformed);
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    if !KEPT.contains(&name.as_str()) {
        return Ok(None);
    }
    let value = std::str::from_utf8(value).map_err(|_| BadHead::Malformed)?;
    if !value.is_ascii() {
        return Err(BadHead::Malformed);
    }
    Ok(Some((name, value.trim_matches([' ', '\t']).replace('\t', " "))))
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read(bytes: &[u8]) -> Progress {
        HeadReader::default().push(bytes)
    }

    #[test]
    fn a_browser_head_is_reduced_to_what_matters() {
        let bytes = "GET /callback?code=a&state=b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nCookie: naïve=1\r\n\
            Content-Length: 18446744073709551615\r\nSec-Fetch-Mode:  navigate \r\n\r\nrest";
        let Progress::Complete(head) = read(bytes.as_bytes()) else { panic!("not complete") };
        assert_eq!(
            head,
            Head {
                method: "GET".to_owned(),
                target: "/callback?code=a&state=b".to_owned(),
                fields: vec![
                    ("host".to_owned(), "127.0.0.1:8080".to_owned()),
                    ("sec-fetch-mode".to_owned(), "navigate".to_owned()),
                ],
            }
        );
    }

    #[rstest]
    #[case::tls(b"\x16\x03\x01\x02\x00\x01", BadHead::Tls)]
    #[case::binary(b"\x00\x01\x02", BadHead::NotHttp)]
    #[case::escape(b"GET \x1b[31m", BadHead::NotHttp)]
    #[case::utf8(b"GET /caf\xc3\xa9 HTTP/1.1\r\n", BadHead::NotHttp)]
    #[case::version_nine(b"GET /callback\r\n", BadHead::NotHttp)]
    #[case::version_two(b"PRI * HTTP/2.0\r\n", BadHead::Version)]
    #[case::two_spaces(b"GET  / HTTP/1.1\r\n", BadHead::NotHttp)]
    #[case::bare_return(b"GET / HTTP/1.1\rX\r\n", BadHead::NotHttp)]
    #[case::ssh(b"SSH-2.0-client\r\n", BadHead::NotHttp)]
    #[case::space_before_colon(b"GET / HTTP/1.1\r\nHost : a\r\n", BadHead::Malformed)]
    #[case::folded(b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n", BadHead::Malformed)]
    #[case::no_colon(b"GET / HTTP/1.1\r\nHost\r\n", BadHead::Malformed)]
    #[case::two_hosts(b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n", BadHead::Malformed)]
    #[case::null_in_field(b"GET / HTTP/1.1\r\nX: a\0b\r\n", BadHead::Malformed)]
    #[case::wide_host(b"GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n", BadHead::Malformed)]
    fn refused(#[case] bytes: &[u8], #[case] expected: BadHead) {
        assert_eq!(read(bytes), Progress::Bad(expected));
    }

    #[test]
    fn limits_hold() {
        let line = [b"GET /".as_slice(), &vec![b'a'; LINE_LIMIT]].concat();
        assert_eq!(read(&line), Progress::Bad(BadHead::LineTooLong));
        let field = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; HEAD_LIMIT]].concat();
        assert_eq!(read(&field), Progress::Bad(BadHead::TooLarge));
        let fields = [b"GET / HTTP/1.1\r\n".as_slice(), &b"X: a\r\n".repeat(HEAD_LIMIT / 6)].concat();
        assert_eq!(read(&fields), Progress::Bad(BadHead::TooLarge));
        assert_eq!(read(&b"\r\n".repeat(HEAD_LIMIT)), Progress::Bad(BadHead::TooLarge));
    }

    #[test]
    fn a_code_of_four_kilobytes_fits() {
        let bytes = format!("GET /callback?code={} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(4096));
        assert!(matches!(read(bytes.as_bytes()), Progress::Complete(_)));
    }

    proptest! {
        #[test]
        fn never_panics_and_pieces_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let whole = read(&bytes);
            let cut = cut.min(bytes.len());
            let mut reader = HeadReader::default();
            let mut pieces = reader.push(&bytes[..cut]);
            if pieces == Progress::More {
                pieces = reader.push(&bytes[cut..]);
            }
            prop_assert_eq!(whole, pieces);
        }
    }
}
