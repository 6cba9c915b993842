//! Hook kinds, and the set of kinds that a route declares.

use std::fmt;

use serde::Deserialize;

/// A point of the request pipeline at which an app can run hooks: a function of the WIT
/// interface `hooks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookKind {
    /// After routing and the host's policies.
    OnRequest,
    /// Before validation.
    PreValidation,
    /// After validation, before the handler.
    PreHandler,
    /// After the handler or a hook replied.
    OnResponse,
    /// After the host rejected the request, or the app failed.
    OnError,
}

impl HookKind {
    /// All kinds, in pipeline order.
    pub const ALL: [Self; 5] = [
        Self::OnRequest,
        Self::PreValidation,
        Self::PreHandler,
        Self::OnResponse,
        Self::OnError,
    ];

    /// Returns the name of the function in the WIT interface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnRequest => "on-request",
            Self::PreValidation => "pre-validation",
            Self::PreHandler => "pre-handler",
            Self::OnResponse => "on-response",
            Self::OnError => "on-error",
        }
    }
}

impl fmt::Display for HookKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of hook kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks(u8);

impl Hooks {
    /// Returns true if the set contains a kind.
    #[must_use]
    pub fn has(self, kind: HookKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Returns true if the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Iterates over the kinds in pipeline order.
    pub fn iter(self) -> impl Iterator<Item = HookKind> {
        HookKind::ALL
            .into_iter()
            .filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<HookKind> for Hooks {
    fn from_iter<I: IntoIterator<Item = HookKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_keep_the_order_of_the_way() {
        let hooks: Hooks = serde_json::from_str::<Vec<HookKind>>(r#"["on-error", "on-request"]"#)
            .unwrap()
            .into_iter()
            .collect();
        let kinds: Vec<_> = hooks.iter().collect();
        assert_eq!(kinds, [HookKind::OnRequest, HookKind::OnError]);
        assert!(!hooks.has(HookKind::PreHandler) && Hooks::default().is_empty());
        for kind in HookKind::ALL {
            let name: HookKind = serde_json::from_str(&format!("\"{kind}\"")).unwrap();
            assert_eq!(name, kind);
        }
    }
}
