//! Requests and responses, whole, in pieces, and wrong.

use proptest::prelude::*;

use super::*;

#[test]
fn a_request_arrives_in_pieces() {
    let mut reader = RequestReader::default();
    let form = vec![("choice".to_owned(), "希望する & 続行".to_owned())];
    let bytes = Request::encode("POST", "/result?a=%E3%81%82+b", "www.lineauth.mnw", &form);
    for byte in &bytes[..bytes.len() - 1] {
        reader.push(&[*byte]);
        assert_eq!(reader.take(), Ok(None));
    }
    reader.push(&bytes[bytes.len() - 1..]);
    let request = reader.take().unwrap().unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/result");
    assert_eq!(request.host, "www.lineauth.mnw");
    assert_eq!(request.query_field("a"), Some("あ b"));
    assert_eq!(request.form_field("choice"), Some("希望する & 続行"));
    assert!(!request.close);
    assert_eq!(reader.take(), Ok(None));
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let mut reader = RequestReader::default();
    reader.push(b"GET /a HTTP/1.1\r\nHost: x:443\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
    let first = reader.take().unwrap().unwrap();
    assert_eq!((first.path.as_str(), first.host.as_str()), ("/a", "x"));
    let second = reader.take().unwrap().unwrap();
    assert!(second.close);
}

#[test]
fn wrong_requests_have_their_status() {
    let status = |text: &str| {
        let mut reader = RequestReader::default();
        reader.push(text.as_bytes());
        reader.take().map_err(|bad| bad.0)
    };
    assert_eq!(status("rubbish\r\n\r\n"), Err(400));
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), Err(400));
    let post = "POST / HTTP/1.1\r\nHost: x\r\n";
    assert_eq!(
        status(&format!("{post}Content-Length: -1\r\n\r\n")),
        Err(400)
    );
    let twice = "Content-Length: 1\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(status(&format!("{post}{twice}")), Err(400));
    let huge = "Content-Length: 99999999999999999999999\r\n\r\n";
    assert_eq!(status(&format!("{post}{huge}")), Err(413));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    assert_eq!(status(&format!("{post}{chunked}")), Err(501));
    let long = "a".repeat(MAX_HEAD);
    assert_eq!(status(&format!("GET /{long}")), Err(431));
}

#[test]
fn a_response_comes_back_as_it_was() {
    let page = Response::page(200, "<p>回線認証に成功しました。</p>");
    let mut reader = ResponseReader::default();
    let bytes = page.encode(false);
    reader.push(&bytes[..bytes.len() - 1]);
    assert_eq!(reader.take(false), Ok(None));
    reader.push(&bytes[bytes.len() - 1..]);
    assert_eq!(reader.take(false), Ok(Some(page)));

    reader.push(&Response::see_other("/web/").encode(false));
    let response = reader.take(false).unwrap().unwrap();
    assert_eq!(response.location.as_deref(), Some("/web/"));

    reader.push(b"HTTP/1.1 200 OK\r\n\r\nto the end");
    assert_eq!(reader.take(false), Ok(None));
    assert_eq!(reader.take(true).unwrap().unwrap().body, "to the end");
    reader.push(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
    assert_eq!(reader.take(true), Err(BadResponse));
}

#[test]
fn urls_are_taken_apart() {
    let whole = split_url("https://hweb.oqs.onshikaku.org/web/?a=1#top");
    assert_eq!(whole, Some(("hweb.oqs.onshikaku.org", "/web/?a=1")));
    assert_eq!(
        split_url("https://www.lineauth.mnw"),
        Some(("www.lineauth.mnw", "/"))
    );
    for bad in [
        "http://a/",
        "https://",
        "https://a b/",
        "https://a/\r\nX: y",
        "https://a?b",
    ] {
        assert_eq!(split_url(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>, head in "[ -~\r\n]{0,200}") {
        let mut requests = RequestReader::default();
        requests.push(head.as_bytes());
        requests.push(&bytes);
        let _ = requests.take();
        let mut responses = ResponseReader::default();
        responses.push(b"HTTP/1.1 200 OK\r\n");
        responses.push(&bytes);
        let _ = responses.take(true);
        let _ = split_url(&head);
    }

    #[test]
    fn forms_survive_encoding(fields: Vec<(String, String)>) {
        let fields: Vec<_> = fields.into_iter().filter(|(name, _)| !name.is_empty()).collect();
        prop_assume!(fields.len() <= MAX_FIELDS);
        prop_assert_eq!(decode_form(&encode_form(&fields)), fields);
    }
}
