//! Where a request goes that passes through: its Route, its Request-URI and its Max-Forwards.
//!
//! The invariant: after [`enter`] no Route of this element is on top, and a Request-URI that an older element
//! has replaced stands again.

use spigot_parser::header::{MaxForwards, Route};
use spigot_parser::{ParseError, Request, Uri};

/// Takes this element out of the route of a request, and returns the last Route of ours that was on top.
///
/// [RFC 3261 §16.4](https://www.rfc-editor.org/rfc/rfc3261#section-16.4):
/// > If the Request-URI of the request contains a value this proxy previously placed into a Record-Route
/// > header field (see Section 16.6 item 4), the proxy MUST replace the Request-URI in the request with the
/// > last value from the Route header field, and remove that value from the Route header field. [...] If the
/// > first value in the Route header field indicates this proxy, the proxy MUST remove that value from the
/// > request.
///
/// Two values of ours stand there where the request crosses from one socket to another
/// ([RFC 5658](https://www.rfc-editor.org/rfc/rfc5658)). `was_recorded` knows what this element has put
/// into a Record-Route, `is_ours` that and its addresses.
pub(crate) fn enter(
    request: &mut Request,
    was_recorded: impl Fn(&Uri) -> bool,
    is_ours: impl Fn(&Uri) -> bool,
) -> Result<Option<Uri>, ParseError> {
    let mut ours = None;
    if was_recorded(request.uri()) {
        let mut routes = request.headers().all::<Route>().collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = routes.pop() {
            ours = Some(request.uri().clone());
            request.headers_mut().remove(&spigot_parser::HeaderName::ROUTE);
            for route in &routes {
                request.headers_mut().push_typed(route);
            }
            request.set_uri(last.uri().clone());
        }
    }
    while let Some(route) = request.headers().typed::<Route>()? {
        if !is_ours(route.uri()) {
            break;
        }
        request.headers_mut().pop_first::<Route>()?;
        ours = Some(route.uri().clone());
    }
    Ok(ours)
}

/// Counts one hop. Returns `false` if the request may go no further: it is answered 483.
///
/// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 3:
/// > If the copy contains a Max-Forwards header field, the proxy MUST decrement its value by one (1).
/// > If the copy does not contain a Max-Forwards header field, the proxy MUST add one with a field value,
/// > which SHOULD be 70.
pub(crate) fn count_hop(request: &mut Request) -> Result<bool, ParseError> {
    let left = match request.headers().typed::<MaxForwards>()? {
        Some(hops) => match hops.decremented() {
            Some(left) => left,
            None => return Ok(false),
        },
        None => MaxForwards::new(70),
    };
    request.headers_mut().set_typed(&left);
    Ok(true)
}

/// Sends a request to another target.
///
/// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 2:
/// > The Request-URI in the copy's start line MUST be replaced with the URI for this target.  If the URI
/// > contains any parameters not allowed in a Request-URI, they MUST be removed.
pub(crate) fn go_to(request: &mut Request, target: Uri) {
    let target = match target {
        Uri::Sip(uri) => Uri::Sip(uri.without_headers().without_param("method")),
        other => other,
    };
    request.set_uri(target);
}

/// Turns the request into what a next hop understands that knows no loose routing. Returns whether there is
/// such a hop, which is the Request-URI then.
///
/// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 6:
/// > If the copy contains a Route header field, the proxy MUST inspect the URI in its first value.  If that
/// > URI does not contain an lr parameter, the proxy MUST modify the copy as follows: The proxy MUST place
/// > the Request-URI into the Route header field as the last value. The proxy MUST then place the first Route
/// > header field value into the Request-URI and remove that value from the Route header field.
pub(crate) fn follow_strict_route(request: &mut Request) -> Result<bool, ParseError> {
    let Some(first) = request.headers().typed::<Route>()? else {
        return Ok(false);
    };
    if first.uri().as_sip().is_none_or(|uri| uri.is_loose_route()) {
        return Ok(false);
    }
    let last = Route::new(request.uri().clone());
    request.headers_mut().pop_first::<Route>()?;
    request.headers_mut().push_typed(&last);
    request.set_uri(first.uri().clone());
    Ok(true)
}

#[cfg(test)]
mod tests {
    use spigot_parser::{HeaderName, Method};

    use super::*;

    fn request(uri: &str, routes: &str) -> Request {
        let mut request = Request::new(Method::INFO, uri.parse().expect("a URI"));
        if !routes.is_empty() {
            request
                .headers_mut()
                .push(HeaderName::ROUTE, routes)
                .expect("a line");
        }
        request
    }

    fn entered(uri: &str, routes: &str) -> (String, Vec<String>, Option<String>) {
        let mut request = request(uri, routes);
        let recorded = |uri: &Uri| uri.user() == Some("token");
        let ours = |uri: &Uri| recorded(uri) || uri.host() == Some("192.0.2.1");
        let last = enter(&mut request, recorded, ours).expect("it can be read");
        let left = request
            .headers()
            .all::<Route>()
            .map(|route| route.unwrap().to_string());
        (
            request.uri().to_string(),
            left.collect(),
            last.map(|uri| uri.to_string()),
        )
    }

    #[test]
    fn routes_of_ours_on_top_are_taken_off() {
        let (bob, next) = ("sip:bob@192.0.2.9", "<sip:192.0.2.7;lr>");
        let table = [
            ("", vec![], None),
            (next, vec![next], None),
            ("<sip:192.0.2.1;lr>", vec![], Some("sip:192.0.2.1;lr")),
            (
                "<sip:192.0.2.1;lr>, <sip:token@10.0.0.1;lr>, <sip:192.0.2.7;lr>, <sip:192.0.2.1;lr>",
                vec![next, "<sip:192.0.2.1;lr>"],
                Some("sip:token@10.0.0.1;lr"),
            ),
        ];
        for (routes, left, last) in table {
            let left: Vec<String> = left.into_iter().map(str::to_owned).collect();
            assert_eq!(
                entered(bob, routes),
                (bob.to_owned(), left, last.map(str::to_owned)),
                "{routes}"
            );
        }
    }

    #[test]
    fn a_strict_router_before_us_has_hidden_the_request_uri_in_the_last_route() {
        let routes = "<sip:192.0.2.7;lr>, <sip:bob@192.0.2.9>";
        let (uri, left, last) = entered("sip:token@192.0.2.1;lr", routes);
        assert_eq!(
            (uri.as_str(), left),
            ("sip:bob@192.0.2.9", vec!["<sip:192.0.2.7;lr>".to_owned()])
        );
        assert_eq!(last.as_deref(), Some("sip:token@192.0.2.1;lr"));
        let (uri, ..) = entered("sip:token@192.0.2.1;lr", "");
        assert_eq!(uri, "sip:token@192.0.2.1;lr", "it stands for nothing else");
    }

    #[test]
    fn a_strict_router_behind_us_finds_itself_in_the_request_uri() {
        let mut strict = request("sip:bob@192.0.2.9", "<sip:192.0.2.7>, <sip:192.0.2.8;lr>");
        follow_strict_route(&mut strict).expect("it can be read");
        assert_eq!(strict.uri().to_string(), "sip:192.0.2.7");
        let left: Vec<_> = strict
            .headers()
            .all::<Route>()
            .map(|route| route.unwrap().to_string())
            .collect();
        assert_eq!(left, ["<sip:192.0.2.8;lr>", "<sip:bob@192.0.2.9>"]);

        let mut loose = request("sip:bob@192.0.2.9", "<sip:192.0.2.7;lr>");
        let before = loose.to_bytes();
        follow_strict_route(&mut loose).expect("it can be read");
        assert_eq!(loose.to_bytes(), before);
    }

    #[test]
    fn hops_are_counted_down_to_zero() {
        let mut request = request("sip:bob@192.0.2.9", "");
        assert_eq!(count_hop(&mut request), Ok(true));
        let hops = |request: &Request| request.headers().typed::<MaxForwards>().unwrap().unwrap().hops();
        assert_eq!(hops(&request), 70, "it had none");
        request.headers_mut().set_typed(&MaxForwards::new(1));
        assert_eq!((count_hop(&mut request), hops(&request)), (Ok(true), 0));
        assert_eq!(count_hop(&mut request), Ok(false));
    }

    #[test]
    fn a_target_leaves_behind_what_no_request_uri_may_have() {
        let mut request = request("sip:bob@example.com", "");
        let target = "sip:bob@192.0.2.9;method=BYE;ob?Subject=x";
        go_to(&mut request, target.parse().expect("a URI"));
        assert_eq!(request.uri().to_string(), "sip:bob@192.0.2.9;ob");
    }
}
