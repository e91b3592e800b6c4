//! `TRUSTED_PROXIES`, as it was set.

use hallpass::{ConfigProblem, Setting};

use crate::setup::trusted_proxies::TrustedProxies;

const VARIABLE: &str = "TRUSTED_PROXIES";

/// Which proxies are trusted, as it was set.
#[derive(Default)]
pub(crate) struct ProxySettings(Setting<TrustedProxies>);

impl ProxySettings {
    /// Takes the variables that `lookup` knows.
    pub(crate) fn read(&mut self, lookup: impl Fn(&str) -> Setting<String>) {
        self.0.read(lookup(VARIABLE), |text| TrustedProxies::parse(text.split(',')).into());
    }

    pub(crate) fn set<'a>(&mut self, blocks: impl IntoIterator<Item = &'a str>) {
        self.0 = TrustedProxies::parse(blocks).into();
    }

    /// Checks them, and adds what is wrong to `problems`.
    pub(crate) fn check(self, problems: &mut Vec<ConfigProblem>) -> TrustedProxies {
        match self.0 {
            Setting::Unset => TrustedProxies::default(),
            Setting::Value(proxies) => proxies,
            Setting::Unreadable(problem) => {
                problems.push(ConfigProblem { variable: VARIABLE, problem });
                TrustedProxies::default()
            }
        }
    }
}
