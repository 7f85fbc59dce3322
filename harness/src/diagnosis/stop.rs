//! Where a packet's way stops, hop by hop: terminal, router, line, server, and back.

use ngnlab_reports::Text;

/// Who saw the packet last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The terminal: nothing left it.
    Terminal,
    /// The router's LAN side, on the way out.
    RouterOut,
    /// The line, on the way out.
    Line,
    /// The device above the router, on the way out.
    Upstream,
    /// The device above the router, on the way back.
    UpstreamBack,
    /// The server, or nobody behind the line.
    Server,
    /// The line, on the way back.
    LineBack,
    /// The router's WAN side, on the way back.
    RouterBack,
    /// The terminal, which cannot take what came.
    TerminalBack,
    /// The terminal, which has given up by then.
    TooLate,
    /// The router itself answered.
    RouterAnswers,
}

impl Stop {
    pub(super) fn words(self) -> Text {
        match self {
            Self::Terminal => Text::new(
                "端末からルータにパケットが届いていません。",
                "No packet comes from the terminal to the router.",
            ),
            Self::RouterOut => Text::new(
                "パケットはルータのLAN側まで届き、WAN側に出ていません。",
                "They reach the router's LAN side and do not leave on its WAN side.",
            ),
            Self::Line => Text::new(
                "パケットはルータのWAN側から出て、回線で破棄されています。",
                "They leave on the router's WAN side and are dropped on the line.",
            ),
            Self::Upstream => Text::new(
                "パケットは上位の機器まで届き、その先に出ていません。",
                "They reach the device above the router and do not leave it for the line.",
            ),
            Self::UpstreamBack => Text::new(
                "応答は上位の機器まで戻り、ルータに届いていません。",
                "Replies come back to the device above the router and do not reach the router.",
            ),
            Self::Server => Text::new(
                "パケットはルータのWAN側から出て、サーバ側から何も戻っていません。",
                "They leave on the router's WAN side, and nothing comes back from the server's side.",
            ),
            Self::LineBack => Text::new(
                "パケットはルータのWAN側から出て、応答が回線で止まっています。",
                "They leave on the router's WAN side, and the replies wait on the line.",
            ),
            Self::RouterBack => Text::new(
                "応答はルータのWAN側まで戻り、LAN側に出ていません。",
                "Replies come back to the router's WAN side and do not leave on its LAN side.",
            ),
            Self::TerminalBack => Text::new(
                "応答は端末まで届いていますが、端末が受け取れる内容ではありません。",
                "Replies come back to the terminal, but not in a form that it can take.",
            ),
            Self::TooLate => Text::new(
                "応答は端末まで届いていますが、端末が待つのをやめた後です。",
                "Replies come back to the terminal after it has given up.",
            ),
            Self::RouterAnswers => Text::new(
                "ルータがサーバに問い合わせずに自身で応答しています。",
                "The router answers by itself without asking a server.",
            ),
        }
    }
}
