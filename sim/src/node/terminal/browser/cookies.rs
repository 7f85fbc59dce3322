//! The cookies that a browser keeps, host by host (RFC 6265).
//!
//! Of their attributes only a Max-Age of zero is heard: pages here set them for whole hosts.

/// A browser's cookies.
#[derive(Clone, Debug, Default)]
pub(super) struct Cookies(Vec<Cookie>);

#[derive(Clone, Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

impl Cookies {
    /// Keeps what a host's response says in its Set-Cookie fields (RFC 6265 §5.2, §5.3).
    pub(super) fn keep(&mut self, host: &str, fields: &[String]) {
        for field in fields {
            let mut parts = field.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            self.0
                .retain(|known| known.host != host || known.name != name);
            let is_over = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            if !is_over && self.0.len() < MOST {
                self.0.push(Cookie {
                    host: host.to_owned(),
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
    }

    /// Returns what is sent to a host in its Cookie field; empty without any (RFC 6265 §5.4).
    pub(super) fn of(&self, host: &str) -> String {
        let own = self.0.iter().filter(|cookie| cookie.host == host);
        let pairs: Vec<String> = own
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }

    /// Deletes all of them.
    pub(super) fn delete(&mut self) {
        self.0.clear();
    }
}

/// More than any site here sets.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gets_back_what_it_set_and_nobody_else_does() {
        let mut cookies = Cookies::default();
        let set = |text: &str| [text.to_owned()];
        cookies.keep("a.jp", &set("session=1; Path=/; Secure"));
        cookies.keep("a.jp", &set("terminal=x; Max-Age=10"));
        cookies.keep("a.jp", &set("session=2"));
        assert_eq!(cookies.of("a.jp"), "terminal=x; session=2");
        assert_eq!(cookies.of("b.jp"), "");
        cookies.keep("a.jp", &set("session=; Max-Age=0"));
        assert_eq!(cookies.of("a.jp"), "terminal=x");
        cookies.delete();
        assert_eq!(cookies.of("a.jp"), "");
    }
}
