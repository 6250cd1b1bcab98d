//! SoupBinTCP for Python: the client's packets, and the frames of a server's bytes.

use crate::depth::{FeedBook, FeedError};
use crate::refuse;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rialto_wire::soup::{
    ClientPacket, LoginRequest, SERVER_LIMIT, ServerDecoder, ServerPacket, trimmed,
};
use rialto_wire::{Alpha, Wire};

fn field<const N: usize>(name: &str, value: &str) -> PyResult<Alpha<N>> {
    // The value is not repeated: it may be a password.
    Alpha::new(value).ok_or_else(|| {
        PyValueError::new_err(format!(
            "{name}: not at most {N} printable ASCII characters"
        ))
    })
}

fn packet<'py>(py: Python<'py>, packet: &ClientPacket<'_>) -> PyResult<Bound<'py, PyBytes>> {
    let mut out = Vec::new();
    packet.encode(&mut out).map_err(refuse)?;
    Ok(PyBytes::new(py, &out))
}

/// Login Request.
#[pyfunction]
pub fn soup_login<'py>(
    py: Python<'py>,
    username: &str,
    password: &str,
    session: &str,
    number: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    packet(
        py,
        &ClientPacket::LoginRequest(LoginRequest {
            username: field("username", username)?,
            password: field("password", password)?,
            requested_session: field("session", session)?,
            requested_sequence: number,
        }),
    )
}

/// Unsequenced Data: one client message.
#[pyfunction]
pub fn soup_unsequenced<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    packet(py, &ClientPacket::UnsequencedData(payload))
}

/// Client Heartbeat.
#[pyfunction]
pub fn soup_heartbeat(py: Python<'_>) -> PyResult<Bound<'_, PyBytes>> {
    packet(py, &ClientPacket::Heartbeat)
}

/// Logout Request.
#[pyfunction]
pub fn soup_logout(py: Python<'_>) -> PyResult<Bound<'_, PyBytes>> {
    packet(py, &ClientPacket::LogoutRequest)
}

/// A packet's kind, payload, session and number.
type Packet<'py> = (char, Bound<'py, PyBytes>, String, u64);

/// The frames of a server's bytes, as they arrive.
#[pyclass(module = "rialto_engine._engine")]
pub struct ServerFrames {
    received: Vec<u8>,
    used: usize,
}

#[pymethods]
impl ServerFrames {
    #[new]
    fn new() -> Self {
        Self {
            received: Vec::new(),
            used: 0,
        }
    }

    /// Adds received bytes.
    fn push(&mut self, received: &[u8]) {
        self.received.drain(..self.used);
        self.used = 0;
        self.received.extend_from_slice(received);
    }

    /// The next packet as (kind, payload, session, number), or None until more bytes arrive. The payload is a message
    /// (`S`), a debug text (`+`), a reject code (`J`) or empty; session and number are a login's (`A`).
    fn pop<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Packet<'py>>> {
        let rest = self.received.get(self.used..).unwrap_or_default();
        let Some((packet, used)) = ServerDecoder::new(SERVER_LIMIT)
            .frame(rest)
            .map_err(refuse)?
        else {
            return Ok(None);
        };
        let plain = |kind, payload: &[u8]| (kind, PyBytes::new(py, payload), String::new(), 0);
        let found = match packet {
            ServerPacket::Debug(text) => plain('+', text),
            ServerPacket::LoginAccepted(login) => (
                'A',
                PyBytes::new(py, &[]),
                trimmed(&login.session).to_owned(),
                login.sequence,
            ),
            ServerPacket::LoginRejected(reason) => {
                let mut code = Vec::new();
                reason.write(&mut code);
                plain('J', &code)
            }
            ServerPacket::SequencedData(message) => plain('S', message),
            ServerPacket::Heartbeat => plain('H', &[]),
            ServerPacket::EndOfSession => plain('Z', &[]),
        };
        self.used += used;
        Ok(Some(found))
    }

    /// Applies every message up to the next packet of another kind, and says how many; if there is none, the packet that
    /// `pop` gives. An error is that of the first message: those before one that can't be taken are told first.
    fn apply_to<'py>(
        &mut self,
        py: Python<'py>,
        mut book: PyRefMut<'py, FeedBook>,
        now_ns: u64,
    ) -> PyResult<(u64, Option<Packet<'py>>)> {
        let mut applied = 0;
        let decoder = ServerDecoder::new(SERVER_LIMIT);
        while let Ok(Some((ServerPacket::SequencedData(message), used))) =
            decoder.frame(self.received.get(self.used..).unwrap_or_default())
        {
            match book.view.apply(message, now_ns) {
                Ok(_) => {
                    self.used += used;
                    applied += 1;
                }
                Err(error) if applied == 0 => return Err(FeedError::new_err(error.to_string())),
                Err(_) => break,
            }
        }
        if applied > 0 {
            return Ok((applied, None));
        }
        Ok((0, self.pop(py)?))
    }
}
