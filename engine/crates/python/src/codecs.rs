//! OUCH, ITCH and GLIMPSE messages as Python mappings, read from the field tables of `rialto-wire`.

use crate::refuse;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use rialto_wire::ouch::inbound::{
    AccountQuery, CancelOrder, EnterOrder, MassCancel, ModifyOrder, ReplaceOrder,
};
use rialto_wire::ouch::{self, Appendage, Appendages, Options, Tag};
use rialto_wire::{Alpha, DecodeError, Layout, Value, glimpse, itch};

fn mapping<'py>(py: Python<'py>, layout: &Layout, bytes: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("message", layout.name)?;
    for field in layout.fields {
        match field.value(bytes) {
            Some(Value::Unsigned(value)) => out.set_item(field.key, value)?,
            Some(Value::Signed(value)) => out.set_item(field.key, value)?,
            Some(Value::Text(value)) => out.set_item(field.key, value)?,
            Some(Value::Code(value)) => out.set_item(field.key, value)?,
            None => {
                return Err(PyValueError::new_err(format!(
                    "{}: field {} can't be read",
                    layout.name, field.name
                )));
            }
        }
    }
    Ok(out)
}

fn add_appendages(out: &Bound<'_, PyDict>, appendages: Appendages<'_>) -> PyResult<()> {
    for appendage in appendages.iter() {
        let tag = appendage.tag();
        let mut element = Vec::new();
        appendage.write(&mut element);
        // Length, tag, value.
        let value = element.get(2..).unwrap_or_default();
        let number = value
            .iter()
            .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        match (tag, value) {
            (Tag::Firm | Tag::Route | Tag::LocateBroker | Tag::AiqGroupId, text) => {
                out.set_item(tag.name(), String::from_utf8_lossy(text).trim_end())?;
            }
            (Tag::PegOffset | Tag::DiscretionPegOffset, &[a, b, c, d]) => {
                out.set_item(tag.name(), i32::from_be_bytes([a, b, c, d]))?;
            }
            (_, &[code]) if code.is_ascii_graphic() => {
                out.set_item(tag.name(), char::from(code))?
            }
            _ => out.set_item(tag.name(), number)?,
        }
    }
    Ok(())
}

fn with_appendages<'py>(
    py: Python<'py>,
    layout: &Layout,
    payload: &[u8],
) -> PyResult<Bound<'py, PyDict>> {
    let out = mapping(py, layout, payload)?;
    if payload.len() > layout.len {
        add_appendages(&out, Appendages::after(payload, layout.len))?;
    }
    Ok(out)
}

/// A message of an order session's stream.
#[pyfunction]
pub fn decode_ouch_outbound<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let message = ouch::outbound::Message::decode(payload).map_err(refuse)?;
    with_appendages(py, message.layout(), payload)
}

/// A message of a client.
#[pyfunction]
pub fn decode_ouch_inbound<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let message = ouch::inbound::Message::decode(payload).map_err(refuse)?;
    with_appendages(py, message.layout(), payload)
}

/// A message of the feed.
#[pyfunction]
pub fn decode_itch<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let message = itch::Message::decode(payload).map_err(refuse)?;
    mapping(py, message.layout(), payload)
}

/// A message of a snapshot.
#[pyfunction]
pub fn decode_glimpse<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    match glimpse::Message::decode(payload).map_err(refuse)? {
        glimpse::Message::Itch(message) => mapping(py, message.layout(), payload),
        glimpse::Message::EndOfSnapshot(_) => mapping(py, &glimpse::EndOfSnapshot::LAYOUT, payload),
    }
}

fn text<const N: usize>(field: &str, value: &str) -> PyResult<Alpha<N>> {
    Alpha::new(value).ok_or_else(|| {
        PyValueError::new_err(format!(
            "{field}: {value:?} is not at most {N} printable ASCII characters"
        ))
    })
}

/// The field's time in force, and the appendage for what the field lacks.
fn time_in_force(name: &str) -> PyResult<(ouch::TimeInForce, Option<ouch::TimeInForceExtension>)> {
    match name {
        "day" => Ok((ouch::TimeInForce::Day, None)),
        "ioc" => Ok((ouch::TimeInForce::ImmediateOrCancel, None)),
        "gtc" => Ok((
            ouch::TimeInForce::Day,
            Some(ouch::TimeInForceExtension::GoodTillCancel),
        )),
        "fok" => Ok((
            ouch::TimeInForce::ImmediateOrCancel,
            Some(ouch::TimeInForceExtension::FillOrKill),
        )),
        other => Err(PyValueError::new_err(format!(
            "time in force {other:?}: one of day, gtc, ioc, fok"
        ))),
    }
}

fn side_of(code: char, allowed: &str) -> PyResult<ouch::Side> {
    u8::try_from(code)
        .ok()
        .and_then(ouch::Side::from_code)
        .ok_or_else(|| PyValueError::new_err(format!("side {code:?}: one of {allowed}")))
}

fn post_only(wanted: bool) -> Option<ouch::PostOnly> {
    wanted.then_some(ouch::PostOnly::PostOnly)
}

/// Checks what was written by the reader that the venue uses, so that a bad value is an error here and not there.
fn checked<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    ouch::inbound::Message::decode(bytes).map_err(|error: DecodeError| refuse(error))?;
    Ok(PyBytes::new(py, bytes))
}

/// Enter Order.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "the message's fields, by name on the Python side"
)]
pub fn enter_order<'py>(
    py: Python<'py>,
    user_ref: u32,
    side: char,
    quantity: u32,
    symbol: &str,
    price_e4: u64,
    time_in_force_name: &str,
    post_only_wanted: bool,
    min_quantity: u32,
    cl_ord_id: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let (field, extension) = time_in_force(time_in_force_name)?;
    let side = side_of(side, "B, S, T, E")?;
    let message = EnterOrder {
        user_ref_num: user_ref,
        side,
        quantity,
        symbol: text("symbol", symbol)?,
        price_e4,
        time_in_force: field,
        display: ouch::Display::Visible,
        capacity: ouch::Capacity::Principal,
        intermarket_sweep: ouch::IntermarketSweep::NotEligible,
        cross_type: ouch::CrossType::Continuous,
        cl_ord_id: text("cl_ord_id", cl_ord_id)?,
    };
    let options = Options {
        min_qty: (min_quantity > 0).then_some(min_quantity),
        post_only: post_only(post_only_wanted),
        time_in_force: extension,
        ..Options::NONE
    };
    let mut out = Vec::new();
    message.encode_with(&mut out, &options);
    checked(py, &out)
}

/// Replace Order.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "the message's fields, by name on the Python side"
)]
pub fn replace_order<'py>(
    py: Python<'py>,
    orig_user_ref: u32,
    user_ref: u32,
    quantity: u32,
    price_e4: u64,
    time_in_force_name: &str,
    post_only_wanted: bool,
    cl_ord_id: &str,
    order_ref: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (field, extension) = time_in_force(time_in_force_name)?;
    let message = ReplaceOrder {
        orig_user_ref_num: orig_user_ref,
        user_ref_num: user_ref,
        quantity,
        price_e4,
        time_in_force: field,
        display: ouch::Display::Visible,
        intermarket_sweep: ouch::IntermarketSweep::NotEligible,
        cl_ord_id: text("cl_ord_id", cl_ord_id)?,
    };
    let options = Options {
        post_only: post_only(post_only_wanted),
        time_in_force: extension,
        order_reference_number: order_ref,
        ..Options::NONE
    };
    let mut out = Vec::new();
    message.encode_with(&mut out, &options);
    checked(py, &out)
}

fn by_reference(order_ref: Option<u64>) -> Options {
    let mut options = Options::NONE;
    if let Some(order_ref) = order_ref {
        options.set(Appendage::OrderReferenceNumber(order_ref));
    }
    options
}

/// Cancel Order.
#[pyfunction]
pub fn cancel_order<'py>(
    py: Python<'py>,
    user_ref: u32,
    quantity: u32,
    order_ref: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut out = Vec::new();
    let message = CancelOrder {
        user_ref_num: user_ref,
        quantity,
    };
    message.encode_with(&mut out, &by_reference(order_ref));
    checked(py, &out)
}

/// Modify Order.
#[pyfunction]
pub fn modify_order<'py>(
    py: Python<'py>,
    user_ref: u32,
    side: char,
    quantity: u32,
    order_ref: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let side = side_of(side, "S, T, E")?;
    let mut out = Vec::new();
    let message = ModifyOrder {
        user_ref_num: user_ref,
        side,
        quantity,
    };
    message.encode_with(&mut out, &by_reference(order_ref));
    checked(py, &out)
}

/// Mass Cancel.
#[pyfunction]
pub fn mass_cancel<'py>(
    py: Python<'py>,
    user_ref: u32,
    symbol: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut out = Vec::new();
    MassCancel {
        user_ref_num: user_ref,
        firm: Alpha::BLANK,
        symbol: text("symbol", symbol)?,
    }
    .encode(&mut out);
    checked(py, &out)
}

/// Account Query.
#[pyfunction]
pub fn account_query(py: Python<'_>) -> PyResult<Bound<'_, PyBytes>> {
    let mut out = Vec::new();
    AccountQuery {}.encode(&mut out);
    checked(py, &out)
}
