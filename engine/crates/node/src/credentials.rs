//! The credentials file: passwords by user name. Only its owner may read it; no password is ever logged.

use rialto_session::login;
use rialto_wire::soup::LoginRequest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Passwords by user name in capitals (SoupBinTCP 3.00 §2.3.1: neither is case-sensitive).
#[derive(Clone)]
pub struct Credentials(BTreeMap<String, String>);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} users)", self.0.len())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    passwords: BTreeMap<String, String>,
}

/// Why the credentials are refused.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file can't be read.
    #[error(
        "{path}: can't be read ({source}); make it as {{\"passwords\": {{\"USER\": \"...\"}}}} with mode 0600"
    )]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error(
        "{path}: has mode {mode:04o}, so others than its owner can use it; run: chmod 600 {path}"
    )]
    Mode {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// Its content is wrong. The cause is not shown where it could quote a password.
    #[error(
        "{path}: line {line}: is not {{\"passwords\": {{\"USER\": \"at most ten characters\"}}}}"
    )]
    Content {
        /// The file.
        path: String,
        /// Where.
        line: usize,
    },
    /// A password does not fit SoupBinTCP.
    #[error("{path}: the password of {user} is not one to ten printable characters without blanks")]
    Password {
        /// The file.
        path: String,
        /// Whose.
        user: String,
    },
    /// A configured user has none.
    #[error("{path}: has no password of {user} ({at}); add it")]
    Missing {
        /// The file.
        path: String,
        /// Whose.
        user: String,
        /// Where the configuration names the user.
        at: String,
    },
}

impl Credentials {
    /// Reads the file at `path`; each of `users` (path in the configuration, name) must have a password.
    ///
    /// # Errors
    /// The file can't be read, others can read it, its content is wrong, or a user has no password.
    pub fn load(path: &Path, users: &[(String, String)]) -> Result<Self, CredentialsError> {
        let name = path.display().to_string();
        let read = |source| CredentialsError::Read {
            path: name.clone(),
            source,
        };
        let mode = std::fs::metadata(path).map_err(read)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(CredentialsError::Mode { path: name, mode });
        }
        let text = std::fs::read_to_string(path).map_err(read)?;
        let file: File = serde_json::from_str(&text).map_err(|e| CredentialsError::Content {
            path: name.clone(),
            line: e.line(),
        })?;
        let mut passwords = BTreeMap::new();
        for (user, password) in file.passwords {
            if !fits(&password) {
                return Err(CredentialsError::Password { path: name, user });
            }
            passwords.insert(user.to_ascii_uppercase(), password);
        }
        for (at, user) in users {
            if !passwords.contains_key(&user.to_ascii_uppercase()) {
                return Err(CredentialsError::Missing {
                    path: name,
                    user: user.clone(),
                    at: at.clone(),
                });
            }
        }
        Ok(Self(passwords))
    }

    /// Whether the login carries its user's password. Takes the same time wherever they differ, and for a user that does
    /// not exist.
    pub fn check(&self, request: &LoginRequest) -> bool {
        let known = self.0.get(&login::user(request));
        login::password_matches(request, known.map_or("", String::as_str)) && known.is_some()
    }
}

/// SoupBinTCP 3.00, Login Request: at most ten characters, padded with blanks.
fn fits(password: &str) -> bool {
    (1..=10).contains(&password.len()) && password.bytes().all(|b| b.is_ascii_graphic())
}
