//! The URL of a server, split where its client library would split it.

use percent_encoding::percent_decode_str;

use super::error::DatabaseUrlError;

/// A URL of a server, in its parts. Holds a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ServerUrl {
    pub(super) scheme: String,
    /// `user:password`, percent-encoded, where there is an `@`.
    user_info: Option<String>,
    /// Hosts with their ports, and the path: what may be shown.
    pub(super) address: String,
    parameters: Option<String>,
}

impl ServerUrl {
    /// Splits the URL where its client library would, and refuses what the two might split
    /// differently: the rest of a password would become a host, and be shown.
    pub(super) fn parse(scheme: &str, text: &str) -> Result<Self, DatabaseUrlError> {
        let not_a_server = || DatabaseUrlError::NotAServer { scheme: scheme.to_owned() };
        let rest = text[scheme.len()..].strip_prefix("://").ok_or_else(not_a_server)?;
        if rest.is_empty() {
            return Err(not_a_server());
        }
        if rest.contains(|c: char| c == '#' || c.is_whitespace() || c.is_control())
            || !is_percent_encoded(rest)
        {
            return Err(DatabaseUrlError::NotEncoded);
        }
        let (place, parameters) = match rest.split_once('?') {
            Some((place, parameters)) => (place, Some(parameters)),
            None => (rest, None),
        };
        let (user_info, address) = match place.split_once('@') {
            Some((user_info, address)) => (Some(user_info), address),
            None => (None, place),
        };
        let is_split_twice = address.contains('@')
            || parameters.is_some_and(|parameters| parameters.contains(['@', '?']))
            || user_info.is_some_and(|user| user.contains('/') || user.matches(':').count() > 1);
        if is_split_twice {
            return Err(DatabaseUrlError::NotEncoded);
        }
        let server = Self {
            scheme: scheme.to_owned(),
            user_info: user_info.map(str::to_owned),
            address: address.to_owned(),
            parameters: parameters.map(str::to_owned),
        };
        if !server.hosts().all(has_port_or_none) {
            return Err(DatabaseUrlError::NotAPort);
        }
        Ok(server)
    }

    fn hosts(&self) -> impl Iterator<Item = &str> {
        let hosts = self.address.split_once('/').map_or(self.address.as_str(), |(hosts, _)| hosts);
        hosts.split(',')
    }

    pub(super) fn database(&self) -> &str {
        self.address.split_once('/').map_or("", |(_, database)| database)
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().flat_map(|parameters| parameters.split('&'))
    }

    #[cfg(feature = "mysql")]
    pub(super) fn with_scheme(&self, scheme: &str) -> Self {
        Self { scheme: scheme.to_owned(), ..self.clone() }
    }

    #[cfg(feature = "postgres")]
    pub(super) fn with_parameters(&self, additional: &[(&str, &str)]) -> Self {
        let present = self.parameters.as_deref().unwrap_or_default();
        let mut parameters: Vec<_> =
            present.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        for (name, value) in additional {
            let is_present = parameters.iter().any(|pair| pair.split('=').next() == Some(name));
            if !is_present {
                parameters.push(format!("{name}={value}"));
            }
        }
        Self { parameters: Some(parameters.join("&")), ..self.clone() }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn expose(&self) -> String {
        let user_info = self.user_info.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let parameters =
            self.parameters.as_ref().map(|parameters| format!("?{parameters}")).unwrap_or_default();
        format!("{}://{user_info}{}{parameters}", self.scheme, self.address)
    }

    /// Replaces the password in a message, as it is written in the URL and as it is meant. One that is
    /// the user's name or the database's tells nothing, and the message would say less.
    pub(super) fn redact(&self, message: &str) -> String {
        let user_info = self.user_info.as_deref().unwrap_or_default();
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let in_parameters = self.parameters().filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            ["password", "sslpassword"].contains(&name).then_some(value)
        });
        let mut message = message.to_owned();
        for password in in_parameters.chain([password]) {
            if password.is_empty() || password == user || password == self.database() {
                continue;
            }
            let meant = percent_decode_str(password).decode_utf8_lossy();
            message = message.replace(&*meant, "…").replace(password, "…");
        }
        message
    }
}

/// Returns whether each `%` begins the code of a byte.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        rest.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Returns whether a host ends in a port or has none.
fn has_port_or_none(host: &str) -> bool {
    let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    match after_address.rsplit_once(':') {
        Some((_, port)) => port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0),
        None => true,
    }
}
