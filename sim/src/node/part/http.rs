//! HTTP/1.1 messages, with httparse reading their heads (RFC 9110, RFC 9112).
//!
//! Only what a browser needs for pages and forms: bodies have a Content-Length or end with the
//! connection; chunked bodies, compression and ranges are left out.

use httparse::{EMPTY_HEADER, Status};

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` or another method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The fields of the query.
    pub query: Vec<(String, String)>,
    /// The host asked for, without a port.
    pub host: String,
    /// The fields of an urlencoded body.
    pub form: Vec<(String, String)>,
    /// The cookies that the client has of the host (RFC 6265 §4.2).
    pub cookies: Vec<(String, String)>,
    /// Whether the client wants the connection closed afterwards.
    pub close: bool,
}

impl Request {
    /// Returns the query's field of that name.
    pub fn query_field(&self, name: &str) -> Option<&str> {
        field(&self.query, name)
    }

    /// Returns the form's field of that name.
    pub fn form_field(&self, name: &str) -> Option<&str> {
        field(&self.form, name)
    }

    /// Returns the value of the cookie of that name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        field(&self.cookies, name)
    }

    /// Writes the request; a form makes it a `POST`'s body. `target` is the path and query.
    pub fn encode(method: &str, target: &str, host: &str, form: &[(String, String)]) -> Vec<u8> {
        Self::encode_with(method, target, host, form, "")
    }

    /// Writes the request with the value of a Cookie field, unless that is empty.
    pub fn encode_with(
        method: &str,
        target: &str,
        host: &str,
        form: &[(String, String)],
        cookies: &str,
    ) -> Vec<u8> {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\
             Accept-Language: ja\r\n"
        );
        if !cookies.is_empty() {
            head += &format!("Cookie: {cookies}\r\n");
        }
        let body = if method == "POST" {
            encode_form(form)
        } else {
            String::new()
        };
        if method == "POST" {
            head += "Content-Type: application/x-www-form-urlencoded\r\n";
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        format!("{head}\r\n{body}").into_bytes()
    }
}

/// What a server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Where a redirection leads.
    pub location: Option<String>,
    /// The cookies that the client is to keep, as Set-Cookie fields (RFC 6265 §4.1).
    pub cookies: Vec<String>,
    /// The page.
    pub body: String,
    /// Whether the server closes the connection afterwards.
    pub close: bool,
}

impl Response {
    /// Returns a page.
    pub fn page(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    /// Returns a redirection that is followed with `GET`.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self {
            status: 303,
            location: Some(location.into()),
            ..Self::default()
        }
    }

    /// Writes the response; a `HEAD` request gets no body.
    pub fn encode(&self, head_only: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        if let Some(location) = &self.location {
            text += &format!("Location: {location}\r\n");
        }
        for cookie in &self.cookies {
            text += &format!("Set-Cookie: {cookie}\r\n");
        }
        // No page may come out of a cache: going back must ask the server again (guide Q10).
        text += "Content-Type: text/html; charset=UTF-8\r\nCache-Control: no-store\r\n";
        text += if self.close {
            "Connection: close\r\n"
        } else {
            "Connection: keep-alive\r\n"
        };
        text += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        if !head_only {
            text += &self.body;
        }
        text.into_bytes()
    }
}

/// Puts requests together from the bytes of one connection.
#[derive(Debug, Default)]
pub struct RequestReader {
    buffer: Vec<u8>,
}

/// Why no request can be read from a connection any more, as the status to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRequest(pub u16);

impl RequestReader {
    /// Takes in what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns how many bytes wait to be taken out.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Returns whether no bytes wait.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes out the next whole request.
    pub fn take(&mut self) -> Result<Option<Request>, BadRequest> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let head = match parsed.parse(&self.buffer) {
            Ok(Status::Complete(head)) if head <= MAX_HEAD => head,
            Ok(Status::Partial) if self.buffer.len() <= MAX_HEAD => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(BadRequest(431)),
            Err(_) => return Err(BadRequest(400)),
        };
        let headers = &*parsed.headers;
        // RFC 9112 §6.1: a coding that is not understood.
        if header(headers, "transfer-encoding").is_some() {
            return Err(BadRequest(501));
        }
        let length = content_length(headers).ok_or(BadRequest(400))?.unwrap_or(0);
        if length > MAX_BODY {
            return Err(BadRequest(413));
        }
        let Some(body) = self.buffer.get(head..head + length) else {
            return Ok(None);
        };
        // RFC 9112 §3.2: exactly one Host in HTTP/1.1.
        let host = header(headers, "host");
        if host.is_none() && parsed.version == Some(1) {
            return Err(BadRequest(400));
        }
        let target = parsed.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_form = header(headers, "content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let form = if is_form {
            decode_form(&String::from_utf8_lossy(body))
        } else {
            Vec::new()
        };
        let wish = header(headers, "connection").map(str::to_ascii_lowercase);
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: decode_form(query),
            host: without_port(host.unwrap_or_default()).to_owned(),
            form,
            cookies: header(headers, "cookie")
                .map(decode_cookies)
                .unwrap_or_default(),
            // RFC 9112 §9.3.
            close: match wish.as_deref() {
                Some("close") => true,
                Some("keep-alive") => false,
                _ => parsed.version != Some(1),
            },
        };
        self.buffer.drain(..head + length);
        Ok(Some(request))
    }
}

/// Puts one response together from the bytes of a connection.
#[derive(Debug, Default)]
pub struct ResponseReader {
    buffer: Vec<u8>,
}

/// The answer is not HTTP, or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadResponse;

impl ResponseReader {
    /// Takes in what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes out the response once it is whole; `ended` says that no more bytes will come.
    pub fn take(&mut self, ended: bool) -> Result<Option<Response>, BadResponse> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        let head = match parsed.parse(&self.buffer) {
            Ok(Status::Complete(head)) => head,
            Ok(Status::Partial) if self.buffer.len() <= MAX_HEAD && !ended => return Ok(None),
            Ok(Status::Partial) | Err(_) => return Err(BadResponse),
        };
        let headers = &*parsed.headers;
        let available = self.buffer.len() - head;
        let length = match content_length(headers).ok_or(BadResponse)? {
            Some(length) => length,
            None if ended => available,
            None if available > MAX_PAGE => return Err(BadResponse),
            None => return Ok(None),
        };
        if length > MAX_PAGE {
            return Err(BadResponse);
        }
        let Some(body) = self.buffer.get(head..head + length) else {
            return if ended { Err(BadResponse) } else { Ok(None) };
        };
        let response = Response {
            status: parsed.code.unwrap_or_default(),
            location: header(headers, "location").map(str::to_owned),
            cookies: all(headers, "set-cookie").map(str::to_owned).collect(),
            body: String::from_utf8_lossy(body).into_owned(),
            close: header(headers, "connection")
                .is_some_and(|wish| wish.eq_ignore_ascii_case("close")),
        };
        self.buffer.drain(..head + length);
        Ok(Some(response))
    }
}

/// Splits an `https` URL into its host and its path with query.
pub fn split_url(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let usable = !host.is_empty() && host.chars().all(plain);
    let path = if path.is_empty() { "/" } else { path };
    (usable && path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic()))
        .then_some((host, path))
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(known, _)| known == name)?;
    Some(&found.1)
}

fn header<'a>(headers: &[httparse::Header<'a>], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))?;
    str::from_utf8(found.value).ok().map(str::trim)
}

/// Returns the values of every field of that name.
fn all<'a>(headers: &[httparse::Header<'a>], name: &str) -> impl Iterator<Item = &'a str> {
    let of_name = headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name));
    of_name.filter_map(|header| str::from_utf8(header.value).ok().map(str::trim))
}

fn decode_cookies(text: &str) -> Vec<(String, String)> {
    text.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .take(MAX_FIELDS)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the announced length, if any; `None` if it is no number or announced twice.
fn content_length(headers: &[httparse::Header<'_>]) -> Option<Option<usize>> {
    let mut announced = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(first) = announced.next() else {
        return Some(None);
    };
    let text = str::from_utf8(first.value).ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && announced.next().is_none())
        .then(|| text.parse().unwrap_or(usize::MAX))
        .map(Some)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn decode_form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .take(MAX_FIELDS)
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let digits = bytes
                    .get(at..at + 2)
                    .and_then(|two| str::from_utf8(two).ok());
                match digits.map(|digits| u8::from_str_radix(digits, 16)) {
                    Some(Ok(value)) => {
                        decoded.push(value);
                        at += 2;
                    }
                    _ => decoded.push(b'%'),
                }
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn encode_form(fields: &[(String, String)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        _ => "Other",
    }
}

const MAX_HEADERS: usize = 64;
const MAX_HEAD: usize = 16 * 1024;
const MAX_BODY: usize = 64 * 1024;
const MAX_PAGE: usize = 1024 * 1024;
const MAX_FIELDS: usize = 64;

#[cfg(test)]
mod tests;
