//! A journal entry's payload: a batch of stamped commands, little-endian.
//!
//! A batch is the count of its commands (u32), then each command: the length of what follows (u16), the stamp in
//! nanoseconds (u64), the kind (u8) and the body. Every byte is accounted for: what one command encodes to is the only
//! encoding of it, so decoding and encoding again gives the same bytes.
//!
//! Kinds from 1 are clients' (body: session u32, number u64, then the request's fields in the order of their
//! declaration), kinds from 64 are operators' (body: key u64, then the action's fields). A side, a time in force and a
//! flag take one byte, numbered as declared; a target is 0 and a user reference (u64) or 1 and an order reference (u64).

use crate::bytes::{Reader, Short};
use crate::command::{Action, Command, Enter, EnterEcho, Replace, Request, Target};
use crate::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Side, Symbol,
    TimeInForce, TimeNs, Username,
};

/// The least bytes a command takes in a batch: length, stamp, kind, and the body of an action without fields.
const LEAST_COMMAND: usize = 2 + 8 + 1 + 8;

const ENTER: u8 = 1;
const REPLACE: u8 = 2;
const CANCEL: u8 = 3;
const MODIFY: u8 = 4;
const MASS_CANCEL: u8 = 5;
const DISABLE_ORDER_ENTRY: u8 = 6;
const ENABLE_ORDER_ENTRY: u8 = 7;
const ACCOUNT_QUERY: u8 = 8;
const DEFINE_INSTRUMENT: u8 = 64;
const DEFINE_ACCOUNT: u8 = 65;
const DEFINE_SESSION: u8 = 66;
const OPEN_DAY: u8 = 67;
const CLOSE_DAY: u8 = 68;
const HALT: u8 = 69;
const RESUME: u8 = 70;
const CONNECTED: u8 = 71;
const DISCONNECTED: u8 = 72;

/// A command with the time its leader stamped it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamped {
    /// Nanoseconds since the epoch, UTC.
    pub stamp_ns: TimeNs,
    /// The command.
    pub command: Command,
}

/// Why a batch could not be decoded. Nothing of such a batch may be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes end inside a value.
    #[error(
        "the batch ends inside the value at byte {at}: it is cut off; read the journal entry again from its source"
    )]
    Short {
        /// Offset of the value.
        at: usize,
    },
    /// The count can't be true of so few bytes.
    #[error(
        "the batch says it holds {count} commands, but {bytes} bytes can't hold them: this is not a batch of this market"
    )]
    Count {
        /// The count it states.
        count: u32,
        /// Bytes after the count.
        bytes: usize,
    },
    /// A kind this version does not know.
    #[error(
        "unknown kind {kind} of command at byte {at}: it was written by a newer version; use that one"
    )]
    Kind {
        /// The kind.
        kind: u8,
        /// Its offset.
        at: usize,
    },
    /// A value out of its range.
    #[error("{what} can't be {value} (byte {at}): this is not a batch of this market")]
    Value {
        /// What the value is.
        what: &'static str,
        /// The value.
        value: u64,
        /// Offset after it.
        at: usize,
    },
    /// A command's length and its body disagree, or bytes follow the last command.
    #[error(
        "{left} bytes are left over at byte {at}: lengths and contents disagree; this is not a batch of this market"
    )]
    Left {
        /// How many.
        left: usize,
        /// Where they begin.
        at: usize,
    },
}

impl From<Short> for CodecError {
    fn from(short: Short) -> Self {
        Self::Short { at: short.at }
    }
}

/// Appends a batch of stamped commands to `out`. A batch holds at most `u32::MAX` commands; more are left out.
pub fn encode_batch(commands: &[Stamped], out: &mut Vec<u8>) {
    let count = u32::try_from(commands.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    for stamped in commands.iter().take(count as usize) {
        encode_command(stamped, out);
    }
}

/// The commands of a batch.
///
/// # Errors
/// [`CodecError`]: bytes that no [`encode_batch`] wrote.
pub fn decode_batch(bytes: &[u8]) -> Result<Vec<Stamped>, CodecError> {
    let mut commands = Vec::new();
    decode_batch_into(bytes, &mut commands)?;
    Ok(commands)
}

/// Appends the commands of a batch to `commands`, so that a caller can use one vector again and again.
///
/// # Errors
/// [`CodecError`]: bytes that no [`encode_batch`] wrote; `commands` is then as it was.
pub fn decode_batch_into(bytes: &[u8], commands: &mut Vec<Stamped>) -> Result<(), CodecError> {
    let before = commands.len();
    let decoded = read_batch(bytes, commands);
    if decoded.is_err() {
        commands.truncate(before);
    }
    decoded
}

fn read_batch(bytes: &[u8], commands: &mut Vec<Stamped>) -> Result<(), CodecError> {
    let mut reader = Reader::new(bytes);
    let count = reader.u32()?;
    let possible = reader.left() / LEAST_COMMAND;
    if count as usize > possible {
        return Err(CodecError::Count {
            count,
            bytes: reader.left(),
        });
    }
    commands.reserve(count as usize);
    for _ in 0..count {
        let len = usize::from(reader.u16()?);
        let end = reader.at() + len;
        commands.push(read_command(&mut reader)?);
        if reader.at() != end {
            return Err(CodecError::Left {
                left: end.abs_diff(reader.at()),
                at: end.min(reader.at()),
            });
        }
    }
    match reader.left() {
        0 => Ok(()),
        left => Err(CodecError::Left {
            left,
            at: reader.at(),
        }),
    }
}

/// Appends one command with its length in front.
fn encode_command(stamped: &Stamped, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&stamped.stamp_ns.to_le_bytes());
    match &stamped.command {
        Command::Client {
            session,
            number,
            request,
        } => {
            out.push(kind_of_request(request));
            out.extend_from_slice(&session.0.to_le_bytes());
            out.extend_from_slice(&number.to_le_bytes());
            encode_request(request, out);
        }
        Command::Operator { key, action } => {
            out.push(kind_of_action(action));
            out.extend_from_slice(&key.to_le_bytes());
            encode_action(action, out);
        }
    }
    // The longest command takes less than a hundred bytes.
    let len = (out.len() - start - 2) as u16;
    out[start..start + 2].copy_from_slice(&len.to_le_bytes());
}

fn kind_of_request(request: &Request) -> u8 {
    match request {
        Request::Enter(_) => ENTER,
        Request::Replace(_) => REPLACE,
        Request::Cancel { .. } => CANCEL,
        Request::Modify { .. } => MODIFY,
        Request::MassCancel { .. } => MASS_CANCEL,
        Request::DisableOrderEntry { .. } => DISABLE_ORDER_ENTRY,
        Request::EnableOrderEntry { .. } => ENABLE_ORDER_ENTRY,
        Request::AccountQuery => ACCOUNT_QUERY,
    }
}

fn kind_of_action(action: &Action) -> u8 {
    match action {
        Action::DefineInstrument(_) => DEFINE_INSTRUMENT,
        Action::DefineAccount(_) => DEFINE_ACCOUNT,
        Action::DefineSession(_) => DEFINE_SESSION,
        Action::OpenDay { .. } => OPEN_DAY,
        Action::CloseDay => CLOSE_DAY,
        Action::Halt { .. } => HALT,
        Action::Resume { .. } => RESUME,
        Action::Connected { .. } => CONNECTED,
        Action::Disconnected { .. } => DISCONNECTED,
    }
}

fn encode_target(target: Target, out: &mut Vec<u8>) {
    let (tag, number) = match target {
        Target::UserRef(user_ref) => (0, u64::from(user_ref)),
        Target::OrderRef(order_ref) => (1, order_ref),
    };
    out.push(tag);
    out.extend_from_slice(&number.to_le_bytes());
}

fn encode_request(request: &Request, out: &mut Vec<u8>) {
    match request {
        Request::Enter(enter) => {
            out.extend_from_slice(&enter.user_ref.to_le_bytes());
            out.extend_from_slice(&[enter.side as u8, enter.side_code]);
            out.extend_from_slice(&enter.quantity.to_le_bytes());
            out.extend_from_slice(&enter.symbol.0);
            out.extend_from_slice(&enter.price_e4.to_le_bytes());
            out.push(enter.time_in_force as u8);
            out.extend_from_slice(&enter.min_quantity.to_le_bytes());
            let echo = enter.echo;
            out.extend_from_slice(&[
                u8::from(enter.post_only),
                echo.display,
                echo.capacity,
                echo.intermarket_sweep,
                echo.cross_type,
            ]);
            out.extend_from_slice(&enter.cl_ord_id);
        }
        Request::Replace(replace) => {
            encode_target(replace.target, out);
            out.extend_from_slice(&replace.user_ref.to_le_bytes());
            out.extend_from_slice(&replace.quantity.to_le_bytes());
            out.extend_from_slice(&replace.price_e4.to_le_bytes());
            out.extend_from_slice(&[
                replace.time_in_force as u8,
                u8::from(replace.post_only),
                replace.display,
                replace.intermarket_sweep,
            ]);
            out.extend_from_slice(&replace.cl_ord_id);
        }
        Request::Cancel { target, quantity } => {
            encode_target(*target, out);
            out.extend_from_slice(&quantity.to_le_bytes());
        }
        Request::Modify {
            target,
            side_code,
            quantity,
        } => {
            encode_target(*target, out);
            out.push(*side_code);
            out.extend_from_slice(&quantity.to_le_bytes());
        }
        Request::MassCancel { user_ref, symbol } => {
            out.extend_from_slice(&user_ref.to_le_bytes());
            out.extend_from_slice(&symbol.0);
        }
        Request::DisableOrderEntry { user_ref } | Request::EnableOrderEntry { user_ref } => {
            out.extend_from_slice(&user_ref.to_le_bytes());
        }
        Request::AccountQuery => {}
    }
}

fn encode_action(action: &Action, out: &mut Vec<u8>) {
    match action {
        Action::DefineInstrument(instrument) => encode_instrument(instrument, out),
        Action::DefineAccount(account) => encode_account(account, out),
        Action::DefineSession(session) => encode_session(session, out),
        Action::OpenDay { date } => out.extend_from_slice(&date.to_le_bytes()),
        Action::CloseDay => {}
        Action::Halt { instrument } | Action::Resume { instrument } => {
            // 0 is all; one instrument is its number and 1.
            let number = instrument.map_or(0, |id| u32::from(id.0) + 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Action::Connected { session } | Action::Disconnected { session } => {
            out.extend_from_slice(&session.0.to_le_bytes());
        }
    }
}

pub(crate) fn encode_instrument(instrument: &Instrument, out: &mut Vec<u8>) {
    out.extend_from_slice(&instrument.id.0.to_le_bytes());
    out.extend_from_slice(&instrument.symbol.0);
    out.extend_from_slice(&instrument.tick_size_e4.to_le_bytes());
    out.extend_from_slice(&instrument.lot_size.to_le_bytes());
    out.extend_from_slice(&instrument.collar_bp.to_le_bytes());
    out.extend_from_slice(&instrument.reference_price.to_le_bytes());
}

pub(crate) fn read_instrument(reader: &mut Reader<'_>) -> Result<Instrument, Short> {
    Ok(Instrument {
        id: InstrumentId(reader.u16()?),
        symbol: Symbol(reader.array()?),
        tick_size_e4: reader.u32()?,
        lot_size: reader.u32()?,
        collar_bp: reader.u32()?,
        reference_price: reader.i64()?,
    })
}

pub(crate) fn encode_account(account: &Account, out: &mut Vec<u8>) {
    out.extend_from_slice(&account.id.0.to_le_bytes());
    out.extend_from_slice(&account.max_order_quantity.to_le_bytes());
    out.extend_from_slice(&account.max_order_value_e4.to_le_bytes());
    out.extend_from_slice(&account.max_open_orders.to_le_bytes());
    out.push(u8::from(account.cancel_on_disconnect));
}

pub(crate) fn read_account(reader: &mut Reader<'_>) -> Result<Account, CodecError> {
    Ok(Account {
        id: AccountId(reader.u32()?),
        max_order_quantity: reader.u32()?,
        max_order_value_e4: reader.u64()?,
        max_open_orders: reader.u32()?,
        cancel_on_disconnect: read_flag(reader)?,
    })
}

pub(crate) fn encode_session(session: &SessionDefinition, out: &mut Vec<u8>) {
    out.extend_from_slice(&session.id.0.to_le_bytes());
    out.extend_from_slice(&session.username.0);
    out.extend_from_slice(&session.account.0.to_le_bytes());
}

pub(crate) fn read_session(reader: &mut Reader<'_>) -> Result<SessionDefinition, Short> {
    Ok(SessionDefinition {
        id: SessionId(reader.u32()?),
        username: Username(reader.array()?),
        account: AccountId(reader.u32()?),
    })
}

fn read_command(reader: &mut Reader<'_>) -> Result<Stamped, CodecError> {
    let stamp_ns = reader.u64()?;
    let at = reader.at();
    let kind = reader.u8()?;
    let command = match kind {
        ENTER..=ACCOUNT_QUERY => Command::Client {
            session: SessionId(reader.u32()?),
            number: reader.u64()?,
            request: read_request(kind, reader)?,
        },
        DEFINE_INSTRUMENT..=DISCONNECTED => Command::Operator {
            key: reader.u64()?,
            action: read_action(kind, reader)?,
        },
        _ => return Err(CodecError::Kind { kind, at }),
    };
    Ok(Stamped { stamp_ns, command })
}

fn read_request(kind: u8, reader: &mut Reader<'_>) -> Result<Request, CodecError> {
    Ok(match kind {
        ENTER => Request::Enter(Enter {
            user_ref: reader.u32()?,
            side: read_side(reader)?,
            side_code: reader.u8()?,
            quantity: reader.u32()?,
            symbol: Symbol(reader.array()?),
            price_e4: reader.u64()?,
            time_in_force: read_time_in_force(reader)?,
            min_quantity: reader.u32()?,
            post_only: read_flag(reader)?,
            echo: EnterEcho {
                display: reader.u8()?,
                capacity: reader.u8()?,
                intermarket_sweep: reader.u8()?,
                cross_type: reader.u8()?,
            },
            cl_ord_id: reader.array()?,
        }),
        REPLACE => Request::Replace(Replace {
            target: read_target(reader)?,
            user_ref: reader.u32()?,
            quantity: reader.u32()?,
            price_e4: reader.u64()?,
            time_in_force: read_time_in_force(reader)?,
            post_only: read_flag(reader)?,
            display: reader.u8()?,
            intermarket_sweep: reader.u8()?,
            cl_ord_id: reader.array()?,
        }),
        CANCEL => Request::Cancel {
            target: read_target(reader)?,
            quantity: reader.u32()?,
        },
        MODIFY => Request::Modify {
            target: read_target(reader)?,
            side_code: reader.u8()?,
            quantity: reader.u32()?,
        },
        MASS_CANCEL => Request::MassCancel {
            user_ref: reader.u32()?,
            symbol: Symbol(reader.array()?),
        },
        DISABLE_ORDER_ENTRY => Request::DisableOrderEntry {
            user_ref: reader.u32()?,
        },
        ENABLE_ORDER_ENTRY => Request::EnableOrderEntry {
            user_ref: reader.u32()?,
        },
        _ => Request::AccountQuery,
    })
}

fn read_action(kind: u8, reader: &mut Reader<'_>) -> Result<Action, CodecError> {
    Ok(match kind {
        DEFINE_INSTRUMENT => Action::DefineInstrument(read_instrument(reader)?),
        DEFINE_ACCOUNT => Action::DefineAccount(read_account(reader)?),
        DEFINE_SESSION => Action::DefineSession(read_session(reader)?),
        OPEN_DAY => Action::OpenDay {
            date: reader.u32()?,
        },
        CLOSE_DAY => Action::CloseDay,
        HALT => Action::Halt {
            instrument: read_scope(reader)?,
        },
        RESUME => Action::Resume {
            instrument: read_scope(reader)?,
        },
        CONNECTED => Action::Connected {
            session: SessionId(reader.u32()?),
        },
        _ => Action::Disconnected {
            session: SessionId(reader.u32()?),
        },
    })
}

fn value<T>(what: &'static str, value: u64, reader: &Reader<'_>) -> Result<T, CodecError> {
    Err(CodecError::Value {
        what,
        value,
        at: reader.at(),
    })
}

fn read_scope(reader: &mut Reader<'_>) -> Result<Option<InstrumentId>, CodecError> {
    match reader.u32()? {
        0 => Ok(None),
        number => match u16::try_from(number - 1) {
            Ok(id) => Ok(Some(InstrumentId(id))),
            Err(_) => value("an instrument", u64::from(number), reader),
        },
    }
}

fn read_target(reader: &mut Reader<'_>) -> Result<Target, CodecError> {
    let tag = reader.u8()?;
    let number = reader.u64()?;
    match tag {
        0 => match u32::try_from(number) {
            Ok(user_ref) => Ok(Target::UserRef(user_ref)),
            Err(_) => value("a user reference number", number, reader),
        },
        1 => Ok(Target::OrderRef(number)),
        _ => value("the tag of a target", u64::from(tag), reader),
    }
}

pub(crate) fn read_flag(reader: &mut Reader<'_>) -> Result<bool, CodecError> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        other => value("a flag", u64::from(other), reader),
    }
}

fn read_side(reader: &mut Reader<'_>) -> Result<Side, CodecError> {
    match reader.u8()? {
        0 => Ok(Side::Buy),
        1 => Ok(Side::Sell),
        other => value("a side", u64::from(other), reader),
    }
}

fn read_time_in_force(reader: &mut Reader<'_>) -> Result<TimeInForce, CodecError> {
    match reader.u8()? {
        0 => Ok(TimeInForce::Day),
        1 => Ok(TimeInForce::GoodTillCancel),
        2 => Ok(TimeInForce::ImmediateOrCancel),
        3 => Ok(TimeInForce::FillOrKill),
        other => value("a time in force", u64::from(other), reader),
    }
}
