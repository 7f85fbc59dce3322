//! The service information site over IPv4 where there is no members club: one page, for who comes by
//! the session to it. What is on it stands in no source (inferred).

use crate::frame::Frame;
use crate::line::Area;
use crate::line::internet::{SERVICE_SITE, service_host};
use crate::node::part::http::Response;
use crate::node::part::screens;
use crate::node::part::web_server::{Asked, WebServer};
use crate::node::{Context, Node};
use crate::time::Time;

/// The site.
pub struct ServiceSite {
    web: WebServer,
}

impl ServiceSite {
    /// The socket towards the PPPoE concentrator.
    pub const PORT: u8 = 0;

    /// Makes the site of an area.
    pub fn new(area: Area) -> Self {
        let sites = vec![(SERVICE_SITE.to_ipv6_mapped(), service_host(area))];
        Self {
            web: WebServer::new(sites),
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        while let Some(Asked { by, request }) = self.web.next_request(cx) {
            let response = match (request.method.as_str(), request.path.as_str()) {
                ("GET" | "HEAD", "/") => {
                    Response::page(200, screens::plain_page("サービス情報サイト"))
                }
                _ => Response::page(404, screens::plain_page("ページが見つかりません。")),
            };
            self.web.answer(by, &response);
        }
        self.web.flush(cx);
    }
}

impl Node for ServiceSite {
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
