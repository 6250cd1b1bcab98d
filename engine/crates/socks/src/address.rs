//! How people write an address that is reached through a proxy.

use std::str::FromStr;

const SCHEME: &str = "socks5://";

/// An address, and the proxy it is reached through, if any: `HOST:PORT` or `socks5://PROXY_HOST:PORT/HOST:PORT`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Through {
    /// The proxy's `HOST:PORT`.
    pub proxy: Option<String>,
    /// The target's `HOST:PORT`.
    pub target: String,
}

/// Why a text is no such address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThroughError(String);

impl std::fmt::Display for ThroughError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let wrong = &self.0;
        write!(
            f,
            "address {wrong:?} is neither HOST:PORT nor socks5://PROXY_HOST:PORT/HOST:PORT"
        )
    }
}

impl std::error::Error for ThroughError {}

fn is_host_and_port(text: &str) -> bool {
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()
    })
}

impl FromStr for Through {
    type Err = ThroughError;

    fn from_str(text: &str) -> Result<Self, ThroughError> {
        let wrong = || ThroughError(text.to_owned());
        let (proxy, target) = match text.strip_prefix(SCHEME) {
            None => (None, text),
            Some(rest) => {
                let (proxy, target) = rest.split_once('/').ok_or_else(wrong)?;
                (Some(proxy), target)
            }
        };
        if !proxy.into_iter().chain([target]).all(is_host_and_port) {
            return Err(wrong());
        }
        Ok(Self {
            proxy: proxy.map(str::to_owned),
            target: target.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_a_proxy() {
        let plain: Through = "localhost:80".parse().unwrap();
        assert_eq!((plain.proxy, &*plain.target), (None, "localhost:80"));
        let far: Through = "socks5://127.0.0.1:9/[::1]:80".parse().unwrap();
        assert_eq!(far.proxy.as_deref(), Some("127.0.0.1:9"));
        assert_eq!(far.target, "[::1]:80");
        for wrong in [
            "",
            "localhost",
            ":80",
            "host:99999",
            "socks5://127.0.0.1:9",
            "socks5://127.0.0.1/host:80",
            "socks5://127.0.0.1:9/",
            "socks5://127.0.0.1:9/a/host:80",
            "http://127.0.0.1:9/host:80",
        ] {
            let error = wrong.parse::<Through>().unwrap_err();
            assert!(error.to_string().contains("HOST:PORT"), "{wrong}");
        }
    }
}
