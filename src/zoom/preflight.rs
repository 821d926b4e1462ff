//! The look at the authorize page: as a browser without cookies, and no further than the sign-in.

use super::{Outgoing, Repeat, ZoomClient};
use crate::oauth::authorize::is_zooms;
use crate::oauth::{Call, Failure, FailureKind, PreflightAnswer, PreflightRequest};
use url::Url;

/// Most redirects that are followed; Zoom needs one to its sign-in page.
const MOST_REDIRECTS: usize = 5;

/// What a browser asks for first; an answer in JSON is read as well.
const PAGE: &str = "text/html, application/json;q=0.9, */*;q=0.8";

/// Path segments of sign-in pages. Nothing is asked there.
const SIGN_IN: [&str; 2] = ["signin", "login"];

impl ZoomClient {
    pub(super) async fn look_ahead(&self, request: PreflightRequest) -> Result<PreflightAnswer, Failure> {
        let limit = self.limits.total;
        let host = Url::parse(&request.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        match tokio::time::timeout(limit, self.follow(&request)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(Failure {
                call: Call::Probe,
                host: host.unwrap_or_default(),
                kind: FailureKind::TimedOut { limit_s: limit.as_secs().max(1) },
                clock_offset_s: None,
            }),
        }
    }

    async fn follow(&self, request: &PreflightRequest) -> Result<PreflightAnswer, Failure> {
        let mut address = request.url.clone();
        for _redirect in 0..=MOST_REDIRECTS {
            let outgoing = Outgoing {
                call: Call::Probe,
                address: address.clone(),
                authorization: None,
                form: None,
                accept: PAGE,
                repeat: Repeat::IfLost,
            };
            let (_, answer) = self.send(&outgoing).await?;
            let next = answer
                .location
                .as_ref()
                .filter(|_| (300..=399).contains(&answer.status))
                .and_then(|location| Url::parse(&address).ok()?.join(location).ok());
            let Some(mut next) = next else {
                return Ok(PreflightAnswer::Page {
                    status: answer.status,
                    body: answer.body,
                    content_type: answer.content_type,
                    retry_after: answer.retry_after,
                });
            };
            if let Some(end) = self.end_at(&next, &request.redirect_uri) {
                return Ok(end);
            }
            next.set_fragment(None);
            address = next.into();
        }
        Ok(PreflightAnswer::TooManyRedirects)
    }

    /// Whether the way ends before that address.
    fn end_at(&self, next: &Url, redirect_uri: &str) -> Option<PreflightAnswer> {
        let back = Url::parse(redirect_uri)
            .is_ok_and(|back| back.origin() == next.origin() && back.path() == next.path());
        if back {
            let value = |name: &str| {
                next.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
            };
            let error = value("error").map(|error| (error, value("error_description")));
            return Some(PreflightAnswer::SentBack { error });
        }
        if !is_zooms(&self.endpoints, next) {
            let host = next.host_str().unwrap_or("an address without a host").to_owned();
            return Some(PreflightAnswer::Elsewhere { host });
        }
        let sign_in = next.path_segments().is_some_and(|mut segments| {
            segments.any(|segment| SIGN_IN.contains(&segment.to_ascii_lowercase().as_str()))
        });
        sign_in.then_some(PreflightAnswer::SignIn)
    }
}
