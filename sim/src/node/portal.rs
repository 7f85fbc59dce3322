//! The web portals of ONS, production and connection test (guide p.16, p.18).
//!
//! Names resolve and connections open without line authentication; the web service is what is
//! gated (ngn-facts §5.9, inferred). Only the login page is modelled.

use std::net::Ipv6Addr;

use crate::frame::Frame;
use crate::line::Line;
use crate::line::LineState;
use crate::node::part::http::{Request, Response};
use crate::node::part::screens;
use crate::node::part::web_server::{Asked, WebServer};
use crate::node::{Context, Node};
use crate::registry::Registry;
use crate::time::Time;
use crate::trace::{Fact, Screen};

/// Both portals on one server.
pub struct Portal {
    registry: Registry,
    web: WebServer,
}

/// What the portals are about.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// The line; its area gives the portals their addresses.
    pub line: Line,
    /// The network's book of assignments.
    pub registry: Registry,
}

impl Portal {
    /// The socket towards the edge.
    pub const PORT: u8 = 0;

    /// The production portal's host name.
    pub const HOST: &str = "hweb.oqs.onshikaku.org";

    /// The connection-test portal's host name.
    pub const TEST_HOST: &str = "hweb.oqs-st.onshikaku.org";

    /// Makes the portals.
    pub fn new(config: PortalConfig) -> Self {
        let values = config.line.area.values();
        let sites = vec![
            (values.portal, Self::HOST),
            (values.portal_test, Self::TEST_HOST),
        ];
        Self {
            registry: config.registry,
            web: WebServer::new(sites),
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        while let Some(Asked { by, request }) = self.web.next_request(cx) {
            let response = self.response(by.peer, &request, cx);
            self.web.answer(by, &response);
        }
        self.web.flush(cx);
    }

    fn response(&self, peer: Ipv6Addr, request: &Request, cx: &mut Context<'_>) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/" | "/web") => return Response::see_other("/web/"),
            ("GET" | "HEAD", "/web/") => {}
            ("GET" | "HEAD", _) => {
                return Response::page(404, screens::plain_page("ページが見つかりません。"));
            }
            _ => return Response::page(405, screens::plain_page("この操作はできません。")),
        }
        let authenticated = self
            .registry
            .read()
            .entry_of(peer)
            .is_some_and(|entry| entry.state == LineState::Authenticated);
        let (status, screen, form) = if authenticated {
            (200, Screen::Login, LOGIN_FORM)
        } else {
            (403, Screen::NotAuthenticated, "")
        };
        cx.record(Fact::ScreenServed { peer, screen });
        Response::page(status, screens::page(screen, form))
    }
}

impl Node for Portal {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        self.web.receive(port, frame, cx);
        self.serve(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.serve(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        self.web.poll_timeout()
    }
}

const LOGIN_FORM: &str = "<form>\n<label>ユーザーＩＤ <input name=\"id\"></label>\n\
<label>パスワード <input name=\"password\" type=\"password\"></label>\n\
<button type=\"button\">ログイン</button>\n</form>\n";
