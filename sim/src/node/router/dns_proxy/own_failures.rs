//! What broken forwarders say when no server answered, in the answer that they make themselves.

use super::edit;
use crate::message::dns::{HEADER, TC};
use crate::node::router::defect::{Defects, defects};

/// Returns the answer that says the servers failed (RFC 5625 §6.3), spoilt as the defects have it.
pub(super) fn failure(query: &[u8], defects: &Defects) -> Option<Vec<u8>> {
    let mut response = edit::server_failure(query)?;
    for defect in defects.among(DEFECTS) {
        match defect {
            FAILS_WITHOUT_EDNS => edit::strip_opt(&mut response),
            FAILS_WITH_AUTHORITY => response[2] |= AUTHORITATIVE,
            FAILS_WITH_TC => response[2] |= TC,
            FAILS_WITH_Z => response[3] |= RESERVED,
            FAILS_WITHOUT_RD => response[2] &= !RECURSION_DESIRED,
            FAILS_WITHOUT_CD => response[3] &= !CHECKING_DISABLED,
            FAILS_WITH_COUNTS_OF_QUESTION => {
                response[6..HEADER].copy_from_slice(&query[6..HEADER]);
            }
            FAILS_WITH_WHOLE_QUESTION => {
                response.truncate(HEADER);
                response[10..HEADER].fill(0);
                response.extend(&query[HEADER..]);
            }
            _ => {}
        }
    }
    Some(response)
}

// RFC 1035 §4.1.1: AA, RD, and the reserved bit; RFC 4035 §3.2.2: CD.
const AUTHORITATIVE: u8 = 0x04;
const RECURSION_DESIRED: u8 = 0x01;
const RESERVED: u8 = 0x40;
const CHECKING_DISABLED: u8 = 0x10;

defects! {
    /// Says by itself that the servers failed without an OPT record, whoever asked with one.
    FAILS_WITHOUT_EDNS = "fails-without-edns",
        "EDNS付きの問い合わせにも、自分で作るSERVFAILにはOPTレコードを付けない。";
    /// Says by itself that the servers failed as if it were an authority.
    FAILS_WITH_AUTHORITY = "fails-with-authority",
        "自分で作るSERVFAILにAAビットを立てる。";
    /// Says by itself that the servers failed with the TC bit.
    FAILS_WITH_TC = "fails-with-tc",
        "自分で作るSERVFAILにTCビットを立てる。";
    /// Says by itself that the servers failed with the reserved bit.
    FAILS_WITH_Z = "fails-with-z",
        "自分で作るSERVFAILの予約ビット（Z）を立てる。";
    /// Says by itself that the servers failed with RD clear.
    FAILS_WITHOUT_RD = "fails-without-rd",
        "自分で作るSERVFAILのRDビットを0にする。";
    /// Says by itself that the servers failed with CD clear.
    FAILS_WITHOUT_CD = "fails-without-cd",
        "自分で作るSERVFAILのCDビットを0にする。";
    /// Says by itself that the servers failed, with the counts of records that the question had.
    FAILS_WITH_COUNTS_OF_QUESTION = "fails-with-counts-of-question",
        "自分で作るSERVFAILに、問い合わせのレコード数をそのまま入れる。";
    /// Says by itself that the servers failed, and leaves the question's records uncounted behind it.
    FAILS_WITH_WHOLE_QUESTION = "fails-with-whole-question",
        "自分で作るSERVFAILの末尾に、数に含めないまま問い合わせのレコードを残す。";
}
