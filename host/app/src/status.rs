//! Status codes whose replies have no content.

/// Returns true if a reply with this status has no content (RFC 9110, sections 15.2,
/// 15.3.5, 15.3.6 and 15.4.5).
#[must_use]
pub fn is_bodiless(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 205 | 304)
}
